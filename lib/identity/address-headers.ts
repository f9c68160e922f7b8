/**
 * Headers in which some proxy names the client, beside those of `AddressSource`. A client can write each of
 * them too.
 */
export const OTHER_ADDRESS_HEADERS: readonly string[] =
  "x-real-ip x-client-ip x-cluster-client-ip true-client-ip fly-client-ip fastly-client-ip do-connecting-ip x-azure-clientip x-appengine-user-ip x-nf-client-connection-ip x-envoy-external-address cloudfront-viewer-address".split(
    " ",
  );
