import express, { type Router } from "express";
import type { Context } from "./api.ts";

/** /_standin: what tests in this process see by calls, for other processes. It is in no log, and faults do not hit it. */
export function adminRouter({
    state,
    traffic,
    unknown,
}: Pick<Context, "state" | "traffic" | "unknown">): Router {
    const router = express.Router();
    router.get("/state", (_request, response) => {
        response.json(state.dump());
    });
    router.get("/requests", (_request, response) => {
        response.json(traffic.requests());
    });
    router.get("/unknown", (_request, response) => {
        response.json(unknown);
    });
    return router;
}
