import { proxyByRest, proxyByTcp } from "../support/proxy.ts";
import { describeApp } from "./suite/index.ts";

describeApp(proxyByRest);
describeApp(proxyByTcp);
