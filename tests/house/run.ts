// npm run check:house
//
// Prints how far the house is from the one that docs/internals/rooms.md describes, and ends with 1
// where it became worse.
import { readHouse } from "./read-house.ts";
import { inspect } from "./inspect.ts";
import { render } from "./render.ts";
import { filesOnWay, filesOnWholeWay } from "./request-way.ts";

const ways = { gate: await filesOnWay(), whole: await filesOnWholeWay() };
const { text, isSound } = render(inspect(readHouse()), ways);
console.log(text);
if (!isSound) process.exitCode = 1;
