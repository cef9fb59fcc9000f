import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync } from "node:fs";
import {
    createServer as createHttpServer,
    type IncomingMessage,
    type ServerResponse,
} from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect, type Server } from "node:net";
import { dirname, join } from "node:path";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { generate } from "selfsigned";
import { version } from "../quay/api/version.ts";

const root = join(import.meta.dirname, "..");

/** A server of git repositories, for a client that uses its proxy and trusts its certificate. */
export interface GitServer {
    /** The address of the proxy. It passes connections to other hosts on. */
    readonly proxy: string;
    readonly certificate: string;
    stop(): void;
}

/**
 * Serves the repositories in a folder, as https://git.example.com/TEAM/NAME.git: Pulumi takes no
 * address with a port.
 */
export async function startGitServer(folder: string): Promise<GitServer> {
    const host = "git.example.com";
    const { cert, private: key } = await generate(undefined, {
        extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: host }] }],
    });
    const server = createServer({ cert, key }, (request, response) => {
        answer(folder, request, response).catch((error: unknown) => {
            response.writeHead(500).end(String(error));
        });
    });
    const port = await listen(server);
    const sockets = new Set<Duplex>();
    const proxy = createHttpServer().on("connect", ({ url = "" }, client: Duplex) => {
        const target = new URL(`tcp://${url}`);
        const upstream =
            target.hostname === host
                ? connect(port, "127.0.0.1")
                : connect(Number(target.port), target.hostname);
        upstream.once("connect", () => client.write("HTTP/1.1 200 OK\r\n\r\n"));
        for (const socket of [client, upstream]) {
            sockets.add(socket);
            socket.on("error", () => socket.destroy());
        }
        client.pipe(upstream).pipe(client);
    });
    return {
        proxy: `http://127.0.0.1:${String(await listen(proxy))}`,
        certificate: cert,
        stop: () => {
            server.close();
            proxy.close();
            for (const socket of sockets) socket.destroy();
        },
    };
}

/** Makes a git repository of this project's files, as they are, with a git tag of its version. */
export function makeRepository(target: string, ...paths: readonly string[]): void {
    const list = ["ls-files", "-z", "-co", "--exclude-standard", ...paths];
    const files = execFileSync("git", list, { cwd: root, encoding: "utf8" });
    for (const file of files.split("\0").filter((name) => name !== "")) {
        mkdirSync(dirname(join(target, file)), { recursive: true });
        cpSync(join(root, file), join(target, file));
    }
    const commands = [
        ["init", "--quiet"],
        ["add", "--force", "."],
        ["-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-qm", "x"],
        ["tag", `v${version}`],
    ];
    for (const command of commands) execFileSync("git", command, { cwd: target });
}

async function listen(server: Server): Promise<number> {
    await once(server.listen(0, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
}

/** Has git's own CGI program answer a request. */
async function answer(
    folder: string,
    request: IncomingMessage,
    response: ServerResponse,
): Promise<void> {
    const { pathname, search } = new URL(request.url ?? "/", "https://git.example.com");
    const git = spawn("git", ["http-backend"], {
        stdio: ["pipe", "pipe", "inherit"],
        env: {
            ...process.env,
            GIT_PROJECT_ROOT: folder,
            GIT_HTTP_EXPORT_ALL: "1",
            PATH_INFO: pathname,
            QUERY_STRING: search.slice(1),
            REQUEST_METHOD: request.method,
            CONTENT_TYPE: request.headers["content-type"],
            HTTP_CONTENT_ENCODING: request.headers["content-encoding"],
            HTTP_GIT_PROTOCOL: request.headers["git-protocol"]?.toString(),
        },
    });
    request.pipe(git.stdin);
    const output = await buffer(git.stdout);
    const end = output.indexOf("\r\n\r\n");
    const headers = new Map(
        output
            .toString("utf8", 0, end)
            .split("\r\n")
            .map((line) => line.split(": ", 2) as [string, string]),
    );
    const status = Number.parseInt(headers.get("Status") ?? "200");
    headers.delete("Status");
    response.writeHead(status, Object.fromEntries(headers)).end(output.subarray(end + 4));
}
