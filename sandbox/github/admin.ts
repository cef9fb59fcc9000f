import express, { type Router } from "express";
import type { Context } from "./api.ts";

/**
 * Routes below /_standin, which give other processes what tests in this process read with method
 * calls. They are not logged, and faults do not affect them.
 */
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
