import type { QuayClient } from "../api/client.ts";

/** What the methods of resources and functions need to do their work. */
export interface Context {
    /** The client for Quay's API. */
    readonly api: QuayClient;
    /** Returns the command that imports the resource with this id. */
    readonly importCommand: (id: string) => string;
    /** The command that removes the resource from the state without changing Quay. */
    readonly forgetCommand: string;
    /** The ids of the repositories and permissions that were created in this run. */
    readonly made: Set<string>;
    /**
     * Shows a warning on the resource. Await it: a preview could otherwise end before it is shown.
     */
    readonly warn: (message: string) => Promise<void>;
}
