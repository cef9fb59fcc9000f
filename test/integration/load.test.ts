import { deepEqual, equal, ok } from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { startLoad } from "../load.ts";
import { until } from "../until.ts";

/** Starts a server that treats each connection, once it sends something, by its number. */
async function serve(
    treat: (socket: Socket, connection: number) => void,
): Promise<{ server: Server; url: string }> {
    let connections = 0;
    const server = createServer((socket) => {
        const connection = ++connections;
        socket
            .on("error", () => undefined)
            .on("data", () => {
                treat(socket, connection);
            });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return { server, url: `http://127.0.0.1:${String(address.port)}/health` };
}

const answer = (status: string): string => `HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nok`;

describe("a load", () => {
    it("makes a connection for each request, and counts all of them", async () => {
        let answered = 0;
        const { server, url } = await serve((socket) => {
            answered++;
            socket.write(answer("200 OK"));
        });
        const load = startLoad(url);
        await until(() => answered > 100, "a hundred requests");
        const { total, failed } = await load.stop();
        equal(failed, 0);
        ok(total > 100 && total <= answered, `${String(total)} of ${String(answered)}`);
        server.close();
    });

    const failures: [string, (socket: Socket) => void][] = [
        ["answered with an error", (socket) => socket.write(answer("503 Service Unavailable"))],
        ["answered with a redirection", (socket) => socket.write(answer("302 Found"))],
        ["reset", (socket) => socket.resetAndDestroy()],
        ["closed without an answer", (socket) => socket.end()],
        ["not answered in time", () => undefined],
    ];
    for (const [how, fail] of failures)
        it(`counts a request as failed that is ${how}`, async () => {
            let answered = 0;
            const { server, url } = await serve((socket, connection) => {
                if (connection === 10) fail(socket);
                else {
                    answered++;
                    socket.write(answer("200 OK"));
                }
            });
            const load = startLoad(url);
            await until(() => answered > 100, "a hundred requests");
            const { failed } = await load.stop();
            deepEqual({ failed }, { failed: 1 });
            server.close();
        });

    it("counts the requests while nobody listens", async () => {
        const { server, url } = await serve(() => undefined);
        server.close();
        await once(server, "close");
        const { total, failed } = await startLoad(url).stop();
        ok(failed > 0 && failed === total, `${String(failed)} of ${String(total)}`);
    });
});
