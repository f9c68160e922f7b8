import { defineCloudflareConfig } from "@opennextjs/cloudflare";

// Nothing of the sample is rendered anew after a build, so there is no cache to keep anywhere.
export default defineCloudflareConfig();
