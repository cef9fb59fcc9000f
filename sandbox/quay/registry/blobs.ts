import type { Repository } from "../model.ts";
import { blobMeter, relay, without } from "./relay.ts";
import { grants, type Visit } from "./visit.ts";

/**
 * Relays uploads, downloads and mounts to the underlying registry. Only permission to mount is
 * decided here.
 */
export async function transferBlob(visit: Visit): Promise<void> {
    const { context, repository, request } = visit;
    const { pathname, searchParams } = new URL(request.url, context.url);
    const below = pathname.slice(pathname.lastIndexOf("/blobs/"));
    const source = mountable(visit, searchParams.get("from") ?? "");
    if (source === undefined) for (const name of ["mount", "from"]) searchParams.delete(name);
    else searchParams.set("from", source.id);
    await relay(visit, {
        method: request.method,
        path: `${repository.id}${below}?${searchParams.toString()}`,
        headers: without(request.headers, "authorization", "host", "connection", "expect"),
        access: {
            ...(source === undefined ? {} : { [source.id]: ["pull"] }),
            [repository.id]: ["pull", "push"],
        },
        body: { from: request, through: blobMeter(visit) },
    });
}

/**
 * Returns the repository to mount from if it is readable. Otherwise a plain upload starts (202).
 */
function mountable({ context, bearer }: Visit, from: string): Repository | undefined {
    const source = context.state.repositories.get(from);
    return source?.isPublic === true || grants(bearer, from, "pull") ? source : undefined;
}
