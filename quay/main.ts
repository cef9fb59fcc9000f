import { serve } from "./provider.ts";

// The engine gives its own address as the argument, and reads the port from the first line.
const [engineAddress = ""] = process.argv.slice(2);
const { port } = await serve(engineAddress, process.env);
process.stdout.write(`${String(port)}\n`);
