/** Environments as the board may find them: for its pictures and its tests. */
import { createHash } from "node:crypto";
import type { Release } from "../../../../operations/board/releases.ts";
import type { Row } from "../../../../operations/board/row.ts";

/** When they were read. */
export const now = new Date("2026-11-25T14:30:00Z");

const digestOf = (version: string): string =>
    `sha256:${createHash("sha256").update(version).digest("hex")}`;

const commit = "4f9d2c81a7be03f56c1d8e92b4a07f63d5c8e1a2";
const follows = `sha-${commit}`;

const release = (version: string, at: string): Release => ({
    version,
    digest: digestOf(version),
    at,
});
const onCluster = (environment: string, ready: number, wanted: number, since: string) => ({
    name: `digits-${environment}`,
    namespace: `acme-${environment}`,
    context: environment === "prod" ? "production" : "development",
    url: `https://digits${environment === "prod" ? "" : `-${environment}`}.acme.example`,
    ready,
    wanted,
    since,
    restarts: environment === "staging" ? 1 : 0,
    image: `quay.io/acme/digits_${environment}@${digestOf("1.2.0")}`,
    isCurrent: true,
    cpu: { used: 180, limit: 500, isThrottled: false },
});
const scan = (high: number, medium: number, low: number) => ({
    status: "scanned",
    findings: { critical: 0, high, medium, low, negligible: 0, unknown: 0 },
});
const at = (environment: string, version: string, since: string): Row => ({
    environment,
    version,
    digest: digestOf(version),
    image: `quay.io/acme/digits_${environment}@${digestOf(version)}`,
    since,
    visibility: "private",
    robot: { username: `acme+digits_${environment}`, since: "2026-11-11T09:00:00Z" },
    commit,
    drift: [],
    notes: [],
});

const waitsFor =
    "It has been running in staging for 2 h of 24 h; it may be promoted from 26 November, 12:31.";

/** Three environments on a cluster: a release is on its way to prod. */
export const delivery: readonly Row[] = [
    {
        ...at("dev", follows, "2026-11-25T14:08:00Z"),
        scan: scan(0, 2, 9),
        services: [onCluster("dev", 1, 1, "2026-11-25T14:10:00Z")],
        releases: [
            release(follows, "2026-11-25T14:10:00Z"),
            release("1.2.0", "2026-11-25T10:42:00Z"),
            release("sha-0b5e77d10c4fa9862e31bd5597f00c6a48d2e913", "2026-11-25T09:15:00Z"),
            release("sha-91c03fe6db28a7154409e6c2f8bb3d7015ae6f44", "2026-11-24T16:51:00Z"),
            release("1.1.1", "2026-11-20T13:20:00Z"),
            release("1.1.0", "2026-11-02T10:05:00Z"),
            release("1.0.0", "2026-09-29T08:30:00Z"),
        ],
    },
    {
        ...at("staging", "1.2.0", "2026-11-25T12:30:00Z"),
        scan: scan(0, 2, 9),
        services: [onCluster("staging", 2, 2, "2026-11-25T12:31:00Z")],
        releases: [
            release("1.2.0", "2026-11-25T12:31:00Z"),
            release("1.1.1", "2026-11-20T15:02:00Z"),
            release("1.1.0", "2026-11-03T09:40:00Z"),
            release("1.0.0", "2026-09-30T11:00:00Z"),
        ],
    },
    {
        ...at("prod", "1.1.1", "2026-11-23T08:15:00Z"),
        commit: "c27a90de4f1b6835a0d9e7713f82cb5604ad19fe",
        scan: scan(1, 2, 9),
        drift: [
            { resource: "Deployment digits-prod", what: "changed", properties: ["spec.replicas"] },
        ],
        services: [onCluster("prod", 3, 3, "2026-11-23T08:17:00Z")],
        next: { version: "1.2.0", waitsFor },
        releases: [
            release("1.1.1", "2026-11-23T08:17:00Z"),
            release("1.1.0", "2026-11-21T17:40:00Z"),
            release("1.1.1", "2026-11-21T16:05:00Z"),
            release("1.1.0", "2026-11-05T08:00:00Z"),
            release("1.0.0", "2026-10-06T08:00:00Z"),
        ],
        notes: [
            `next: 1.2.0. ${waitsFor}`,
            "drift: Deployment digits-prod is changed: spec.replicas",
        ],
    },
];

/** A service on this machine alone. */
export const localAlone: readonly Row[] = [
    {
        environment: "local",
        version: "1.0.0",
        digest: digestOf("local"),
        since: "2026-11-25T14:12:00Z",
        notes: [],
    },
];

/** Nothing is deployed. */
export const empty: readonly Row[] = [{ environment: "dev", notes: [] }];

const refused = "Quay at https://quay.example did not answer: connect ECONNREFUSED 192.0.2.1:443.";
const noCluster = "kubectl: The connection to the server was refused.";

/** Neither Quay nor the cluster answers, and a state cannot be read. */
export const unreachable: readonly Row[] = [
    ...delivery.map((row) => ({
        ...row,
        scan: null,
        releases: null,
        services: null,
        next: null,
        drift: null,
        unread: [
            ...["scan", "next", "releases", "drift"].map((what) => ({
                what,
                why: refused,
            })),
            { what: "cluster", why: noCluster },
        ],
    })),
    {
        environment: "lost",
        unread: [{ what: "state", why: "The passphrase is wrong." }],
        notes: ["state: The passphrase is wrong."],
    },
];

/** Ten environments, with several releases a day, in each state that there is. */
export const many: readonly Row[] = Array.from({ length: 10 }, (_, index) => {
    const [service] = delivery[1]?.services ?? [];
    const states = service && [
        { ...service },
        { ...service, ready: 1, problem: "The image cannot be pulled: unauthorized." },
        { ...service, isCurrent: false, image: `quay.io/else/where@${digestOf("other")}` },
        { ...service, since: undefined },
    ];
    const state = states?.[index % 4];
    return {
        ...at(`environment-${String(index)}`, `1.${String(index)}.0-rc.1`, "2026-11-25T10:00:00Z"),
        scan: scan(index, 0, index),
        ...(state === undefined ? {} : { services: [state] }),
        releases: Array.from({ length: 12 }, (_, age) =>
            release(
                `1.${String(index)}.${String(12 - age)}`,
                new Date(now.getTime() - (age * 5 + index) * 3_600_000).toISOString(),
            ),
        ),
    };
});

/** Everything that a text may be in, with this text there. */
export function withText(text: string): readonly Row[] {
    const [dev] = delivery;
    const service = onCluster("dev", 1, 2, "2026-11-25T10:00:00Z");
    return [
        {
            ...dev,
            environment: text,
            version: text,
            digest: text,
            image: text,
            visibility: text,
            commit: text,
            robot: { username: text },
            scan: { status: text, findings: scan(0, 0, 0).findings },
            drift: [{ resource: text, what: "changed", properties: [text] }],
            next: { version: text, waitsFor: text },
            services: [
                {
                    ...service,
                    name: text,
                    namespace: text,
                    context: text,
                    url: text,
                    image: text,
                    isCurrent: false,
                    problem: text,
                },
                { ...service, url: `https://${text}` },
            ],
            releases: [{ version: text, digest: text, at: "2026-11-25T10:00:00Z" }],
            unread: [{ what: text, why: text }],
            notes: [text],
        },
    ];
}
