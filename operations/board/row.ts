import { kubectlIn, KubectlError } from "../../components/kubernetes/kubectl.ts";
import { UserError } from "../../components/messages/userError.ts";
import { QuayError } from "../../quay/api/errors.ts";
import type { Scan } from "../../quay/api/severity.ts";
import { NotLoggedIn } from "../pulumiCli.ts";
import { readCpuUse } from "../cpuUse.ts";
import { type ClusterDeployment, readService, type RunningService } from "../services.ts";
import { type Drift, readDrift } from "./drift.ts";
import { type Next, readNext } from "./next.ts";
import { PublishedImage } from "./publishedImage.ts";
import { readReleases, type Release } from "./releases.ts";
import { readScan } from "./scan.ts";
import { type Deployed, readState } from "./state.ts";

/**
 * An environment on the board. A field is absent if it was not requested or does not apply, and
 * null if it could not be determined; then a note says why.
 */
export interface Row extends Partial<Omit<Deployed, "published">> {
    /** The name of the stack. */
    readonly environment: string;
    /** The image with its digest, REPOSITORY@sha256:… */
    readonly image?: string;
    readonly scan?: Scan | null;
    readonly drift?: readonly Drift[] | null;
    /** The version that it gets next; absent where there is none. */
    readonly next?: Next | null;
    /** What runs on a cluster; absent where nothing is declared on one. */
    readonly services?: readonly RunningService[] | null;
    /** Which versions came when, the newest first; read for the page alone. */
    readonly releases?: readonly Release[] | null;
    /** What could not be read, and why; absent where all could. */
    readonly unread?: readonly Unread[];
    /** Problems and drift, one sentence each. */
    readonly notes: readonly string[];
}

/** A part of a row that could not be read. */
export interface Unread {
    /** Such as `scan`. */
    readonly what: string;
    /** The reason, in one sentence. */
    readonly why: string;
}

/** What is read only where it is requested. */
export interface Requested {
    /** What differs from the state. */
    readonly drift: boolean;
    /** The releases. */
    readonly history: boolean;
}

/** How long a command that asks a cluster may take, in seconds. */
const clusterLimit = 5;

/**
 * Reads a stack's state, its image's scan and the version that it gets next from Quay, what runs on
 * a cluster and what else is requested.
 *
 * @throws NotLoggedIn if no stack can be read
 */
export async function readRow(stack: string, requested: Requested): Promise<Row> {
    const unread: Unread[] = [];
    const orUnread = async <T>(what: string, answer: Promise<T>): Promise<T | null> => {
        try {
            return await answer;
        } catch (error) {
            const isExpected =
                error instanceof UserError ||
                error instanceof QuayError ||
                error instanceof KubectlError;
            if (!isExpected || error instanceof NotLoggedIn) throw error;
            unread.push({ what, why: error.message });
            return null;
        }
    };
    const { deployed, onCluster = [] } = (await orUnread("state", readState(stack))) ?? {};
    const { published, ...row } = deployed ?? {};
    const image = published && PublishedImage.open(published);
    const history = requested.history ? image : undefined;
    const [scan, drift, next, services, releases] = await Promise.all([
        image && orUnread("scan", image.then(readScan)),
        requested.drift && deployed ? orUnread("drift", readDrift(stack)) : undefined,
        deployed?.published && orUnread("next", readNext(stack, deployed.version)),
        onCluster.length > 0 ? orUnread("cluster", readServices(onCluster)) : undefined,
        history &&
            orUnread(
                "releases",
                history.then((one) => readReleases(one, deployed?.version ?? "")),
            ),
    ]);
    const notes = unread.map(({ what, why }) => `${what}: ${why}`);
    if (next) notes.push(`next: ${next.version}. ${next.waitsFor}`);
    for (const service of services ?? []) notes.push(...notesOn(service));
    for (const { resource, what, properties } of drift ?? []) {
        const list = properties.length === 0 ? "" : `: ${properties.join(", ")}`;
        notes.push(`drift: ${resource} is ${what}${list}`);
    }
    return {
        environment: stack,
        ...row,
        ...(published === undefined ? {} : { image: published.image }),
        ...(scan === undefined ? {} : { scan }),
        ...(drift === undefined ? {} : { drift }),
        ...(next === undefined ? {} : { next }),
        ...(services === undefined ? {} : { services }),
        ...(releases === undefined ? {} : { releases }),
        ...(unread.length === 0 ? {} : { unread }),
        notes,
    };
}

async function readServices(onCluster: readonly ClusterDeployment[]): Promise<RunningService[]> {
    return Promise.all(
        onCluster.map(async (service) => {
            const kubectl = kubectlIn(service, { limit: clusterLimit });
            const [running, cpu] = await Promise.all([
                readService(service, kubectl),
                readCpuUse(kubectl, service.name),
            ]);
            return { ...running, cpu };
        }),
    );
}

function notesOn({ name, isCurrent, problem, image }: RunningService): string[] {
    const notes: string[] = [];
    if (problem !== undefined) notes.push(`cluster: ${name} is not healthy: ${problem}`);
    if (!isCurrent) {
        notes.push(
            `cluster: not all pods of ${name} run the image of the state; ` +
                `the Deployment has ${image}`,
        );
    }
    return notes;
}
