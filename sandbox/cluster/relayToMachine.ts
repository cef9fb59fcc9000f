/**
 * Runs in the node's network: forwards its port 127.0.0.1:PORT to a socket file of this machine,
 * which is in no network.
 *
 *   node sandbox/cluster/relayToMachine.ts PORT SOCKET
 */
import { relay } from "./relay.ts";

const [port, path] = process.argv.slice(2);
if (port === undefined || path === undefined) throw new Error("Expected PORT and SOCKET");
await relay({ host: "127.0.0.1", port: Number(port) }, { path });
