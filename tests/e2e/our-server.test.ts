import { ourServer } from "../support/our-server.ts";
import { describeApp } from "./suite/index.ts";

describeApp(ourServer);
