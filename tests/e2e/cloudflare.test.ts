import { cloudflare } from "../support/cloudflare.ts";
import { describeApp } from "./suite/index.ts";

describeApp(cloudflare);
