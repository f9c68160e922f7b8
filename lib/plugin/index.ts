/** Next's own configuration, with what the gate needs of it: for next.config, in Node. */
export {
  type ConfigFunction,
  type NextConfigLike,
  type PluginOptions,
  withHeadgate,
} from "./with-headgate.ts";
