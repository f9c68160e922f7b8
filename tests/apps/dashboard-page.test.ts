import { dashboardBrowser } from "./dashboard-page/browser.ts";
import { testChart } from "./dashboard-page/chart.ts";
import { testConnection } from "./dashboard-page/connection.ts";
import { testContent } from "./dashboard-page/content.ts";
import { testStates } from "./dashboard-page/states.ts";

const browser = dashboardBrowser();

testStates(browser);
testChart(browser);
testConnection(browser);
testContent(browser);
