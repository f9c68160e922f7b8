import { loadedApp } from "./leaks/loaded.ts";
import { testLog } from "./leaks/log.ts";
import { testRedis } from "./leaks/redis.ts";
import { testSearch } from "./leaks/search.ts";

const loaded = loadedApp();

testRedis(loaded);
testLog(loaded);
testSearch(loaded);
