import { runCommand } from "../../operations/commandLine.ts";
import { relay } from "./relay.ts";

const usage = `Forwards a port of the node to a socket file of this machine, which is in no network.

  node sandbox/cluster/relayToMachine.ts PORT SOCKET

  PORT     the port, on 127.0.0.1 in the network of this process
  SOCKET   the path of the socket file
  --help   this text`;

await runCommand({ usage, options: {}, arguments: [2, 2] }, async (_, [port = "", path = ""]) => {
    await relay({ host: "127.0.0.1", port: Number(port) }, { path });
});
