import * as grpc from "@grpc/grpc-js";

/** Shows a warning on a resource. Loaded when there is one: most runs have none. */
export async function warn(engineAddress: string, urn: string, message: string): Promise<void> {
    const [{ EngineClient }, { default: engine }] = await Promise.all([
        import("@pulumi/pulumi/proto/engine_grpc_pb.js"),
        import("@pulumi/pulumi/proto/engine_pb.js"),
    ]);
    const request = new engine.LogRequest();
    request.setSeverity(engine.LogSeverity.WARNING);
    request.setUrn(urn);
    request.setMessage(message);
    const client = new EngineClient(engineAddress, grpc.credentials.createInsecure());
    await new Promise<void>((resolve) => {
        client.log(request, () => {
            client.close();
            resolve();
        });
    });
}
