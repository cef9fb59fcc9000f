import type { QuayClient } from "../api/client.ts";

/** What a resource or function works with. */
export interface Context {
    /** Quay's API. */
    readonly api: QuayClient;
    /** The command that takes over what has this id. */
    readonly importCommand: (id: string) => string;
    /** The command that removes the resource from the state, and changes nothing on Quay. */
    readonly forgetCommand: string;
    /** The ids of the repositories and permissions that this run has made. */
    readonly made: Set<string>;
    /** Shows a warning on the resource. Awaited, or a preview may be over before it is shown. */
    readonly warn: (message: string) => Promise<void>;
}
