import { fstatSync } from "node:fs";
import { serve } from "./provider.ts";

// The engine ends the provider with a SIGINT. Node.js stores its compile cache only on an exit.
// With it, the next provider gives its first answer in half the time, and its peak memory is 15 %
// (20 MB) lower, because no file needs its types stripped.
process.on("SIGINT", () => process.exit());

// The engine passes its own address as the argument, and reads the port from the first line.
const [engineAddress = ""] = process.argv.slice(2);
const { port } = await serve(engineAddress, process.env);
process.stdout.write(`${String(port)}\n`);

// The engine holds the other end of the standard input. When it closes, the engine has ended,
// perhaps killed: change nothing more.
const input = fstatSync(0);
if (input.isFIFO() || input.isSocket()) process.stdin.on("end", () => process.exit()).resume();
