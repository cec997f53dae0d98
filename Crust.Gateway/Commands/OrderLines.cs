using System.Globalization;
using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Gateway.Commands;

/// <summary>Tells of orders that the cluster keeps. Each is verified first: the cluster's word is not enough.</summary>
internal sealed class OrderLines(CommandOutput output, NetworkId network)
{
    /// <summary>The last millisecond of the year 9999, the last that a date has.</summary>
    private const ulong LastMoment = 253_402_300_799_999;

    /// <summary>Tells of orders; returns those that verify.</summary>
    /// <param name="name">The event.</param>
    /// <param name="orders">What the cluster said.</param>
    internal IReadOnlyList<OperatorOrder> Tell(string name, IEnumerable<PolicyOrder> orders)
    {
        var told = new List<OperatorOrder>();
        foreach (var taken in orders)
        {
            if (!OperatorOrder.TryVerify(taken.Signed, network, out var order))
            {
                output.Warning($"The cluster told of an order (version {taken.Version}) that nobody signed for this network; it is left out.");
                continue;
            }

            told.Add(order!);
            var reason = order!.Reason.Length == 0 ? "" : $": {order.Reason}";
            output.Event(
                name, $"{Moment(taken.Accepted)}  {Word(order.Kind),-8}  {order.Subject}  by {order.Operator.ToShortString()}{reason}",
                ("order", Word(order.Kind)), ("subject", order.Subject.ToString()), ("operator", order.Operator.ToString()), ("number", order.Number), ("version", taken.Version),
                ("signed", Moment(order.UnixMilliseconds)), ("taken", Moment(taken.Accepted)), ("reason", order.Reason));
        }

        return told;
    }

    /// <summary>An order's word on the command line.</summary>
    internal static string Word(OrderKind kind) => kind switch
    {
        OrderKind.Ban => "ban",
        OrderKind.Unban => "unban",
        OrderKind.Allow => "allow",
        OrderKind.Disallow => "disallow",
        OrderKind.Drain => "drain",
        OrderKind.Undrain => "undrain",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No order."),
    };

    private static string Moment(ulong unixMilliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Min(unixMilliseconds, LastMoment)).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
