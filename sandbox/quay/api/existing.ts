import { notFound } from "../answers.ts";
import type { Repository } from "../model.ts";
import type { Call } from "./call.ts";

/** Returns the call's repository. @throws Refusal with 404 */
export function existing(call: Call): Repository {
    const { repository } = call.repository();
    if (repository === undefined) throw notFound();
    return repository;
}
