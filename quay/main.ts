import { fstatSync } from "node:fs";
import { serve } from "./provider.ts";

// The engine gives its own address as the argument, and reads the port from the first line.
const [engineAddress = ""] = process.argv.slice(2);
const { port } = await serve(engineAddress, process.env);
process.stdout.write(`${String(port)}\n`);

// The engine holds the other end of the standard input. When that closes the engine is gone, killed perhaps: nothing more may change then.
const input = fstatSync(0);
if (input.isFIFO() || input.isSocket()) process.stdin.on("end", () => process.exit()).resume();
