import { equal } from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { answers } from "../../../../components/docker/health.ts";

describe("whether a port answers", () => {
    let server: Server | undefined;
    const listen = async (on: Server | ReturnType<typeof createTcpServer>): Promise<number> => {
        await new Promise<void>((resolve) => on.listen(0, "127.0.0.1", resolve));
        return (on.address() as AddressInfo).port;
    };
    afterEach(() => {
        server?.close();
    });

    it("does with any answer, an error too", async () => {
        server = createServer((_, response) => response.writeHead(500).end());
        equal(await answers(await listen(server)), true);
    });

    it("does not where nothing listens, or what listens says nothing, as Docker's proxy", async () => {
        const silent = createTcpServer((socket) => socket.end());
        const port = await listen(silent);
        equal(await answers(port), false);
        silent.close();
        equal(await answers(port), false);
    });
});
