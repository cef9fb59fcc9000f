import * as grpc from "@grpc/grpc-js";

/** Shows a warning on a resource; it is shown, or cannot be, when this is done. Loaded when there is one: most runs have none. */
export async function warn(engineAddress: string, urn: string, message: string): Promise<void> {
    const [{ EngineClient }, { default: engine }] = await Promise.all([
        import("@pulumi/pulumi/proto/engine_grpc_pb.js"),
        import("@pulumi/pulumi/proto/engine_pb.js"),
    ]);
    const request = new engine.LogRequest();
    request.setSeverity(engine.LogSeverity.WARNING);
    request.setUrn(urn);
    request.setMessage(message);
    // The engine is on this machine: a proxy of the environment's is not for it.
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
