import { testContainerfile } from "./packaged/containerfile.ts";
import { packedApp } from "./packaged/package.ts";
import { testProcesses } from "./packaged/processes.ts";
import { testServer } from "./packaged/server.ts";
import { testSystemd } from "./packaged/systemd.ts";

const packed = packedApp();

testServer(packed);
testProcesses(packed);
testContainerfile(packed);
testSystemd(packed);
