import { connect } from "node:net";
import { createInterface } from "node:readline";

/**
 * A program that opens many idle connections to a port of this machine: `idle-clients.ts port count`.
 * It replaces each connection that the server closes. It prints "open" when the requested number is open
 * at once, and opens no more after the input "stop". When all are closed it prints as JSON how often each
 * response of the server came before a close.
 */
const [port = 0, count = 0] = process.argv.slice(2).map(Number);

/** Fewer than the backlog of a listening socket, so that no connection is lost. */
const AT_ONCE = 200;

const said: Record<string, number> = {};
let wanted = count;
let connecting = 0;
let open = 0;
let told = false;

createInterface({ input: process.stdin })
  .once("line", () => {
    wanted = 0;
    settle();
  })
  // The test that started this program has ended.
  .once("close", () => process.exit(1));
settle();

function settle(): void {
  while (connecting < AT_ONCE && open + connecting < wanted) openOne();
  if (open === count && !told) {
    told = true;
    console.log("open");
  }
  if (wanted === 0 && open + connecting === 0) {
    console.log(JSON.stringify(said));
    process.exit(0);
  }
}

function openOne(): void {
  connecting += 1;
  let isOpen = false;
  let words = "";
  const socket = connect(port, "127.0.0.1", () => {
    connecting -= 1;
    open += 1;
    isOpen = true;
    settle();
  });
  socket.on("data", (chunk) => {
    words += chunk.toString();
  });
  socket.on("error", () => {});
  socket.once("close", () => {
    const [line = ""] = words.split("\r\n");
    said[line] = (said[line] ?? 0) + 1;
    if (isOpen) open -= 1;
    else connecting -= 1;
    settle();
  });
}
