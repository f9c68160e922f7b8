import { cloudflare } from "../support/cloudflare.ts";
import { describeApp } from "../e2e/suite/index.ts";

describeApp(cloudflare);
