import { testAccess } from "./page/access.ts";
import { startPage } from "./page/browser.ts";
import { testLanes } from "./page/lanes.ts";
import { testSignIn } from "./page/sign-in.ts";
import { testTable } from "./page/table.ts";

const shared = startPage();

testTable(shared);
testLanes(shared);
testAccess(shared);
testSignIn(shared);
