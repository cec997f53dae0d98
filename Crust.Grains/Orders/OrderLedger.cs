using Crust.Access;
using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Grains.Orders;

/// <summary>
/// The rules of operators' orders: who may order, that numbers rise, what is in force, what is kept. Orders are kept in 16 parts by the hash of their subject, so that each change writes one small
/// part and none outgrows a row of storage. Pure; one thread at a time.
/// </summary>
/// <param name="network">The network.</param>
/// <param name="operators">Whose orders count. Stored orders of others are kept, but told to nobody.</param>
internal sealed class OrderLedger(NetworkId network, IReadOnlySet<PeerId> operators)
{
    /// <summary>How many parts there are.</summary>
    internal const int PageCount = PeerZone.Count;

    /// <summary>Most orders in force of one part: 9,600 together. Ours: with <see cref="MaxRecent"/> at 346 bytes each, 242,200 bytes, which leaves a row of 256 KiB room for its form.</summary>
    internal const int MaxInForce = 600;

    /// <summary>The last orders that are kept of one part, for the audit and for gateways that ask what changed: 1,600 together.</summary>
    internal const int MaxRecent = 100;

    private static readonly TimeSpan MaxAhead = TimeSpan.FromDays(1);

    private readonly OrderPageState[] _pages = [.. Enumerable.Range(0, PageCount).Select(_ => new OrderPageState())];

    /// <summary>The version of the newest order; 0 before the first.</summary>
    internal ulong Version => _pages.Max(VersionOf);

    /// <summary>The part that an order on a subject belongs to.</summary>
    internal static int PageOf(PeerId subject) => PeerZone.Of(subject);

    /// <summary>Takes over what storage holds of a part.</summary>
    internal void Load(int page, OrderPageState state) => _pages[page] = state;

    /// <summary>The number of an operator's newest order; 0 for none.</summary>
    internal ulong LastNumber(PeerId operatorId) =>
        _pages.SelectMany(page => page.Numbers).Where(known => known.Operator == operatorId).Select(known => known.Number).DefaultIfEmpty().Max();

    /// <summary>
    /// Judges an order. <see cref="OrderResult.Accepted"/> means: store <paramref name="next"/> as <paramref name="page"/>, then <see cref="Load"/> it. Changes nothing.
    /// </summary>
    internal OrderResult Consider(byte[]? signed, DateTimeOffset now, out OperatorOrder? order, out int page, out OrderPageState? next)
    {
        page = 0;
        next = null;
        // Who is no operator costs no signature.
        if (!OperatorOrder.TryParse(signed, out order))
            return OrderResult.Invalid;
        if (!operators.Contains(order!.Operator))
            return OrderResult.NotAnOperator;
        if (!OperatorOrder.TryVerify(signed, network, out order) || order!.Number > (ulong)(now + MaxAhead).ToUnixTimeMilliseconds())
            return OrderResult.Invalid;
        page = PageOf(order.Subject);
        var known = _pages[page];
        var last = LastNumber(order.Operator);
        if (order.Number == last && known.Recent.Any(recent => recent.Signed.AsSpan().SequenceEqual(signed)))
            return OrderResult.Unchanged;
        if (order.Number <= last)
            return OrderResult.Stale;
        if (!order.IsFresh(now))
            return OrderResult.Untimely;
        var taken = new PolicyOrder(checked(Version + 1), (ulong)now.ToUnixTimeMilliseconds(), signed!);
        var (kind, subject) = (order.Kind, order.Subject);
        List<PolicyOrder> inForce = [.. known.InForce.Where(other => !IsSameMatter(other, kind, subject))];
        if (OperatorPolicy.IsInForce(kind))
            inForce.Add(taken);
        if (inForce.Count > MaxInForce)
            return OrderResult.Full;
        var forgotten = Math.Max(0, known.Recent.Length + 1 - MaxRecent);
        next = new OrderPageState
        {
            InForce = [.. inForce],
            Recent = [.. known.Recent[forgotten..], taken],
            ForgottenThrough = forgotten > 0 ? known.Recent[forgotten - 1].Version : known.ForgottenThrough,
            Numbers = NumbersWith(known.Numbers, order),
        };
        return OrderResult.Accepted;
    }

    /// <summary>What changed since a version; null when nothing did.</summary>
    internal PolicyChanges? Since(ulong knownVersion)
    {
        var version = Version;
        if (knownVersion == version)
            return null;
        var isWhole = knownVersion == 0 || knownVersion > version || knownVersion < _pages.Max(page => page.ForgottenThrough);
        var orders = isWhole ? _pages.SelectMany(page => page.InForce) : _pages.SelectMany(page => page.Recent).Where(order => order.Version > knownVersion);
        return new PolicyChanges(version, isWhole, [.. orders.Where(IsOfOperator).OrderBy(order => order.Version)]);
    }

    /// <summary>The last orders taken, the newest first: also those of operators of former times.</summary>
    internal PolicyOrder[] Audit(int count) =>
        [.. _pages.SelectMany(page => page.Recent).OrderByDescending(order => order.Version).Take(Math.Clamp(count, 0, IOperatorOrdersGrain.MaxAudit))];

    private static ulong VersionOf(OrderPageState page) => page.Recent.Length == 0 ? page.ForgottenThrough : page.Recent[^1].Version;

    private static bool IsSameMatter(PolicyOrder stored, OrderKind kind, PeerId subject) =>
        OperatorOrder.TryParse(stored.Signed, out var order) && order!.Subject == subject && OperatorPolicy.AreOneMatter(order.Kind, kind);

    private bool IsOfOperator(PolicyOrder stored) => OperatorOrder.TryParse(stored.Signed, out var order) && operators.Contains(order!.Operator);

    /// <summary>The numbers with this order's. Where there are too many, those of operators of former times go: their orders are refused as untimely soon anyway.</summary>
    private OperatorNumber[] NumbersWith(OperatorNumber[] numbers, OperatorOrder order)
    {
        List<OperatorNumber> next = [.. numbers.Where(known => known.Operator != order.Operator)];
        if (next.Count >= GrainServices.MaxOperators)
            next.RemoveAll(known => !operators.Contains(known.Operator));
        return [.. next, new OperatorNumber(order.Operator, order.Number)];
    }
}
