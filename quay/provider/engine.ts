import * as grpc from "@grpc/grpc-js";
import { visibleLines } from "../api/text.ts";

/**
 * Shows a warning on a resource. Resolves when it was shown or could not be. Loaded on the first
 * warning, because most runs have none.
 */
export async function warn(engineAddress: string, urn: string, message: string): Promise<void> {
    const [{ EngineClient }, { default: engine }] = await Promise.all([
        import("@pulumi/pulumi/proto/engine_grpc_pb.js"),
        import("@pulumi/pulumi/proto/engine_pb.js"),
    ]);
    const request = new engine.LogRequest();
    request.setSeverity(engine.LogSeverity.WARNING);
    request.setUrn(urn);
    request.setMessage(visibleLines(message));
    // The engine is on this machine: ignore the environment's proxy.
    const client = new EngineClient(engineAddress, grpc.credentials.createInsecure(), {
        "grpc.enable_http_proxy": 0,
    });
    await new Promise<void>((resolve) => {
        client.log(request, () => {
            client.close();
            resolve();
        });
    });
}
