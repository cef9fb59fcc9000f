import { serve } from "./provider.ts";

// The engine gives its own address as the argument, and reads the port from the first line.
const [engineAddress = ""] = process.argv.slice(2);
process.stdout.write(`${String(await serve(engineAddress, process.env))}\n`);
