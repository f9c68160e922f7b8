import { testActions } from "./handler-guides/actions.ts";
import { guidesApp } from "./handler-guides/app.ts";
import { testCommands } from "./handler-guides/commands.ts";
import { testHandlers } from "./handler-guides/handlers.ts";
import { testLogin } from "./handler-guides/login.ts";
import { testPages } from "./handler-guides/pages.ts";
import { testTools } from "./handler-guides/tools.ts";

const guides = guidesApp();

testPages();
testCommands(guides);
testHandlers(guides);
testActions(guides);
testLogin(guides);
testTools(guides);
