/** What may connect to a service's pods, and what they may connect to. */
import { BlockList, isIP } from "node:net";
import type { types } from "@pulumi/kubernetes";
import { UserError } from "../userError.ts";

type NetworkPolicySpec = types.input.networking.v1.NetworkPolicySpec;

/** Addresses that a service may connect to. */
export interface Egress {
    /** A network in CIDR notation, such as 10.0.0.0/8. */
    readonly cidr: string;
    /** TCP ports. Default: all. */
    readonly ports?: readonly number[] | undefined;
}

/**
 * The metadata servers of the clouds, which give the node's credentials to every pod that asks:
 * link-local addresses, one more of AWS (IPv6) and one of Alibaba Cloud.
 */
const metadataServers = ["169.254.0.0/16", "100.100.100.200/32", "fe80::/10", "fd00:ec2::254/128"];

/** The cluster's DNS: its pods, or the cache that runs on each node (NodeLocal DNSCache). */
const dnsServers = [{ namespaceSelector: {} }, { ipBlock: { cidr: "169.254.20.10/32" } }];

/** The ports of DNS; the second one is that of the pods of OpenShift's DNS. */
const dnsPorts = [53, 5353];

/**
 * Returns the rules of a service's pods: only the service's port accepts connections, from
 * everywhere. They may connect to the cluster's DNS and to the configured networks, except for the
 * metadata servers.
 *
 * @param selector the labels of the pods.
 * @throws UserError if a network is not valid, or is part of the metadata servers' networks.
 */
export function networkPolicySpec(
    selector: Readonly<Record<string, string>>,
    egress: readonly Egress[],
): NetworkPolicySpec {
    return {
        podSelector: { matchLabels: selector },
        policyTypes: ["Ingress", "Egress"],
        ingress: [{ ports: [{ port: "http", protocol: "TCP" }] }],
        egress: [
            {
                to: dnsServers,
                ports: dnsPorts.flatMap((port) =>
                    ["UDP", "TCP"].map((protocol) => ({ port, protocol })),
                ),
            },
            ...egress.map(({ cidr, ports }) => ({
                to: [{ ipBlock: blockOf(cidr) }],
                ...(ports !== undefined && {
                    ports: ports.map((port) => ({ port, protocol: "TCP" })),
                }),
            })),
        ],
    };
}

/** Returns a network without the metadata servers. */
function blockOf(cidr: string): types.input.networking.v1.IPBlock {
    const network = parse(cidr);
    const servers = metadataServers.map(parse);
    if (servers.some((server) => contains(server, network))) {
        throw new UserError(
            `The service may not connect to ${cidr}: the cloud's metadata server is there, which ` +
                "gives away the node's credentials. Remove it from the egress.",
        );
    }
    const except = servers.filter((server) => contains(network, server)).map(({ cidr }) => cidr);
    return { cidr, ...(except.length > 0 && { except }) };
}

interface Network {
    readonly cidr: string;
    readonly address: string;
    readonly family: "ipv4" | "ipv6";
    /** The number of bits that all its addresses share. */
    readonly prefix: number;
}

function parse(cidr: string): Network {
    const [address = "", prefix = ""] = cidr.split("/");
    const version = isIP(address);
    if (version === 0 || !/^\d+$/.test(prefix) || Number(prefix) > (version === 4 ? 32 : 128)) {
        throw new UserError(
            `"${cidr}" is not a network that a service can connect to. It has to be in CIDR ` +
                "notation, such as 10.0.0.0/8.",
        );
    }
    return { cidr, address, family: version === 4 ? "ipv4" : "ipv6", prefix: Number(prefix) };
}

/** Returns whether a network contains all of another one. */
function contains(outer: Network, inner: Network): boolean {
    if (outer.family !== inner.family || outer.prefix > inner.prefix) return false;
    const block = new BlockList();
    block.addSubnet(outer.address, outer.prefix, outer.family);
    return block.check(inner.address, inner.family);
}
