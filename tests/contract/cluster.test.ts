import { testChanges } from "./cluster/changes.ts";
import { testCommands } from "./cluster/commands.ts";
import { clusterFront } from "./cluster/front.ts";
import { testGateway } from "./cluster/gateway.ts";
import { testScripts } from "./cluster/scripts.ts";
import { testUpstash } from "./cluster/upstash.ts";

const store = clusterFront();

testCommands(store);
testScripts(store);
testUpstash(store);
testChanges(store);
testGateway(store);
