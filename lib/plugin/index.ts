/** Adds to next.config the variables that the gate needs. For Node only. */
export {
  type ConfigFunction,
  type NextConfigLike,
  type PluginOptions,
  withHeadgate,
} from "./with-headgate.ts";
