using System.CommandLine;
using Crust.Client;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Crust.Identity.Driver;

namespace Crust.Gateway.Commands;

/// <summary><c>crust admin</c>: an operator's signed orders to the whole network, and what was ordered.</summary>
internal static class AdminCommand
{
    internal static Command Create() => new("admin", "Give the network's signed orders, as one of its operators, and see what was ordered.")
    {
        CreateOrder(OrderKind.Ban, "PEERID", "Shut a peer out: no gateway has a session with it, and it is not found.", "is banned: every gateway ends its session within 5 s"),
        CreateOrder(OrderKind.Unban, "PEERID", "Take a ban back.", "is banned no more: every gateway knows within 5 s"),
        CreateOrder(OrderKind.Allow, "PEERID", "Put a peer on the allow list; while one is, only those on it may attach.", "is on the allow list: every gateway knows within 5 s"),
        CreateOrder(OrderKind.Disallow, "PEERID", "Take a peer off the allow list; with the last one the list is gone, and everyone may attach.", "is on the allow list no more: every gateway knows within 5 s"),
        CreateOrder(OrderKind.Drain, "GATEWAYID", "Have a gateway send its peers to others and take no new ones.", "is drained: it knows within 5 s"),
        CreateOrder(OrderKind.Undrain, "GATEWAYID", "Have a gateway take peers again.", "takes peers again: it knows within 5 s"),
        CreateList(),
        CreateAudit(),
    };

    private static Command CreateOrder(OrderKind kind, string subjectName, string description, string done)
    {
        var subject = CommonOptions.Peer(subjectName, kind is OrderKind.Drain or OrderKind.Undrain ? "The gateway's id, as it tells when it starts." : "The peer's id: 52 characters of z-base-32.");
        var identity = CommonOptions.Identity("The operator's key; the default identity if left out. Silos and gateways know its id by --operator.");
        var reason = new Option<string>("--reason") { Description = "Why, for the audit: one line. Peers are not told.", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        reason.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !OperatorOrder.IsReason(result.Tokens[0].Value))
                result.AddError($"A reason is one line of at most {OperatorOrder.MaxReasonLength} bytes, all of it printable.");
        });
        var cluster = new AdminCluster();
        var command = new Command(OrderLines.Word(kind), description) { subject, identity, reason };
        cluster.AddTo(command);
        command.SetAction((parsed, cancellationToken) => cluster.RunAsync(
            parsed,
            async (client, output) =>
            {
                using var key = IdentityFile.Load(parsed.GetValue(identity) ?? IdentityFile.DefaultPath);
                var about = parsed.GetValue(subject);
                var given = await new OrderGiver(client, key, TimeProvider.System).GiveAsync(kind, about, parsed.GetValue(reason)!, cancellationToken);
                if (!given.Counts)
                {
                    var (code, why) = given.Refusal(key.Id);
                    output.Failed(code, why);
                    return CommandRunner.Failed;
                }

                output.Event(
                    "ordered", $"{about} {done} (order {given.Number} of {key.Id.ToShortString()}).",
                    ("order", OrderLines.Word(kind)), ("subject", about.ToString()), ("operator", key.Id.ToString()), ("number", given.Number));
                if (kind == OrderKind.Drain)
                    await WarnOfUnknownAsync(client, about, output, cancellationToken);
                return CommandRunner.Done;
            },
            cancellationToken));
        return command;
    }

    private static Command CreateList()
    {
        var cluster = new AdminCluster();
        var command = new Command("list", "Show the orders that are in force.");
        cluster.AddTo(command);
        command.SetAction((parsed, cancellationToken) => cluster.RunAsync(
            parsed,
            async (client, output) =>
            {
                var reply = await client.ReadPolicyAsync(0, cancellationToken);
                if (!reply.TryGet(out var policy) && !reply.IsAvailable)
                    return Unanswered(output);
                var told = new OrderLines(output, client.Network).Tell("in-force", policy?.Orders ?? []);
                int Count(OrderKind kind) => told.Count(order => order.Kind == kind);
                var (banned, allowed, drained) = (Count(OrderKind.Ban), Count(OrderKind.Allow), Count(OrderKind.Drain));
                output.Event(
                    "summary", $"{banned} banned, {(allowed == 0 ? "no allow list" : $"{allowed} on the allow list")}, {drained} drained.",
                    ("banned", banned), ("allowed", allowed), ("drained", drained), ("version", policy?.Version ?? 0));
                return CommandRunner.Done;
            },
            cancellationToken));
        return command;
    }

    private static Command CreateAudit()
    {
        var count = CommonOptions.Number("--count", $"How many, the newest first; at most {IOperatorOrdersGrain.MaxAudit}.", "N", byDefault: 50, n => n is > 0 and <= IOperatorOrdersGrain.MaxAudit);
        var cluster = new AdminCluster();
        var command = new Command("audit", "Show the last orders that were given, in force or not: who ordered what, when and why.") { count };
        cluster.AddTo(command);
        command.SetAction((parsed, cancellationToken) => cluster.RunAsync(
            parsed,
            async (client, output) =>
            {
                if (!(await client.GetOrderAuditAsync(parsed.GetValue(count), cancellationToken)).TryGet(out var orders))
                    return Unanswered(output);
                if (new OrderLines(output, client.Network).Tell("audit", orders).Count == 0)
                    output.Event("summary", "Nothing was ordered yet.", ("orders", 0));
                return CommandRunner.Done;
            },
            cancellationToken));
        return command;
    }

    private static int Unanswered(CommandOutput output)
    {
        output.Failed("cluster-away", "The cluster does not answer: its storage is away, or it serves another network.");
        return CommandRunner.Failed;
    }

    /// <summary>A gateway that nobody knows is mostly a wrong id; but one that is stopped may be drained before it starts.</summary>
    private static async Task WarnOfUnknownAsync(CrustClusterClient client, PeerId gateway, CommandOutput output, CancellationToken cancellationToken)
    {
        if ((await client.ListGatewaysAsync(cancellationToken)).TryGet(out var directory) && !Array.Exists(directory.Gateways, entry => entry.Gateway == gateway))
            output.Warning($"No gateway {gateway} is up. The order counts when it comes.");
    }
}
