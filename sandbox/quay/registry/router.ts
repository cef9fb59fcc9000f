import express, { type Request, type Router } from "express";
import { json } from "../answers.ts";
import { parameter, send } from "../send.ts";
import { authorize } from "./authorize.ts";
import { transferBlob } from "./blobs.ts";
import { deleteTags, getManifest, putManifest, tagList } from "./manifests.ts";
import { referrersOf } from "./referrers.ts";
import { challenge } from "./refusals.ts";
import { bearerOf, permit, type RegistryContext } from "./visit.ts";

/**
 * /v2: Quay's registry in front of a real one. The real one stores blobs. Tags, permissions and
 * which manifests are still available are decided here, because Quay differs in them.
 */
export function registryRouter(context: RegistryContext): Router {
    const router = express.Router({ strict: true, caseSensitive: true });
    const { state, features, signer, traffic, url } = context;
    router.get("/", async (request, response) => {
        const bearer = await bearerOf(context, request, response);
        const headers = {
            "WWW-Authenticate": challenge(url),
            "Docker-Distribution-API-Version": "registry/2.0",
        };
        send(response, {
            status: bearer === undefined ? 401 : 200,
            body: "true",
            type: "text/html; charset=utf-8",
            headers,
        });
    });
    router.get("/auth", async (request, response) => {
        const { identity, answer } = await authorize(state, signer, request, url);
        traffic.identify(response, identity.username);
        send(response, answer);
    });
    // Clients that prefer OAuth2's POST try it first, and fall back to GET.
    router.all("/auth", (_request, response) => {
        send(response, json(405, {}));
    });
    if (features.referrers) {
        router.get("/*repository/referrers/:digest", async (request: Request, response) => {
            send(response, referrersOf(await permit(context, request, response, "pull")));
        });
    }
    router.get("/*repository/tags/list", async (request: Request, response) => {
        send(response, tagList(await permit(context, request, response, "pull")));
    });
    router.get("/*repository/manifests/:reference", async (request: Request, response) => {
        await getManifest(await permit(context, request, response, "pull"));
    });
    router.put("/*repository/manifests/:reference", async (request: Request, response) => {
        await putManifest(await permit(context, request, response, "push"));
    });
    router.delete("/*repository/manifests/:reference", async (request: Request, response) => {
        deleteTags(await permit(context, request, response, "push"));
        response.status(202).end();
    });
    router.all(
        ["/*repository/blobs/:digest", "/*repository/blobs/uploads/{:upload}"],
        async (request: Request, response) => {
            const isDownload =
                parameter(request, "digest") !== "" && ["GET", "HEAD"].includes(request.method);
            await transferBlob(
                await permit(context, request, response, isDownload ? "pull" : "push"),
            );
        },
    );
    router.use((_request, response) => {
        send(response, {
            status: 404,
            type: "text/html; charset=utf-8",
            body: "404 page not found",
        });
    });
    return router;
}
