import { notFound } from "../answers.ts";
import type { Repository } from "../model.ts";
import type { Call } from "./call.ts";

/** The repository of the call, or 404. */
export function existing(call: Call): Repository {
    const { repository } = call.repository();
    if (repository === undefined) throw notFound();
    return repository;
}
