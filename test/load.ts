import { type EventEmitter, once } from "node:events";
import autocannon from "autocannon";
import { until } from "./until.ts";

/** How many requests were made. */
export interface Count {
    readonly total: number;
    /** How many were not answered with 200. */
    readonly failed: number;
    /** The error codes and statuses that there were. */
    readonly causes: ReadonlySet<string>;
}

/** Requests that go on until they are stopped. */
export interface Load {
    /** Returns the counts, once each request has its outcome. */
    stop(): Promise<Count>;
}

/**
 * Requests an address without a pause, from two clients. Each request has a connection of its own,
 * as only a new connection may go to another pod. The requests are counted by the clients' events:
 * with a connection for each, autocannon itself counts no answer, and it never counts a connection
 * that the server closes without one.
 *
 * @param rate how many requests a second there are. Default: as many as the server answers.
 * @param host the Host of the requests. Default: that of the URL.
 */
export function startLoad(url: string, rate?: number, host?: string): Load {
    const counters: Counter[] = [];
    const options = {
        url,
        ...(host !== undefined && { headers: { host } }),
        connections: 2,
        ...(rate !== undefined && { overallRate: rate }),
        reconnectRate: 1,
        duration: 3600,
        timeout: 5,
        sampleInt: 100,
        setupClient: (client: EventEmitter) => counters.push(new Counter(client)),
    };
    const running = autocannon(options, () => undefined);
    const stop = async (): Promise<Count> => {
        const begun = counters.map(({ total }) => total);
        await until(
            () => counters.every(({ total }, index) => total > (begun[index] ?? 0)),
            "an outcome of each request",
        );
        const sum = (values: number[]): number => values.reduce((one, other) => one + other, 0);
        const counts = {
            // Of each client's last request, the outcome is not known.
            total: sum(counters.map(({ total }) => total - 1)),
            failed: sum(counters.map(({ failed }) => failed)),
            causes: new Set(counters.flatMap(({ causes }) => causes)),
        };
        running.stop();
        await once(running, "done");
        return counts;
    };
    return { stop };
}

/** Counts a client's requests, which it makes one after the other. */
class Counter {
    total = 0;
    failed = 0;
    readonly causes: string[] = [];
    #isAnswered = true;

    constructor(client: EventEmitter) {
        client.on("request", () => {
            if (!this.#isAnswered) this.failed++;
            this.#isAnswered = false;
            this.total++;
        });
        client.on("headers", ({ statusCode }: { readonly statusCode: number }) => {
            this.#isAnswered = statusCode === 200;
            if (!this.#isAnswered) this.causes.push(String(statusCode));
        });
        client.on("connError", ({ code }: NodeJS.ErrnoException) => {
            this.causes.push(String(code));
        });
    }
}
