import type { Repository } from "../model.ts";
import { blobMeter, relay, without } from "./relay.ts";
import { grants, type Visit } from "./visit.ts";

/** Uploads, downloads and mounts are the registry's behind; only what may be mounted is decided here. */
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

/** The repository to mount from, if it is readable; otherwise the upload starts as if no mount had been asked for (202). */
function mountable({ context, bearer }: Visit, from: string): Repository | undefined {
    const source = context.state.repositories.get(from);
    return source?.isPublic === true || grants(bearer, from, "pull") ? source : undefined;
}
