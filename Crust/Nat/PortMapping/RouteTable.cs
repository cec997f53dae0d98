using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Crust.Nat.PortMapping;

/// <summary>The default routes in what Linux tells of its routes: <c>/proc/net/route</c> and <c>/proc/net/ipv6_route</c> (proc_pid_net(5)). Pure.</summary>
internal static class RouteTable
{
    /// <summary>Most lines looked at. Ours: hosts have some ten routes, routers a million.</summary>
    private const int MaxLines = 4096;

    /// <summary>RTF_UP and RTF_GATEWAY: the route is in use, and leads over another host.</summary>
    private const uint Up = 1, Gateway = 2;

    /// <summary>The default route of IPv4 with the lowest metric; null: there is none.</summary>
    internal static DefaultRoute? FindIPv4(string table) => Best(table, line =>
    {
        // Iface Destination Gateway Flags RefCnt Use Metric Mask; addresses are numbers in the host's order of bytes.
        if (line.Length < 8 || !TryHex(line[1], out var destination) || !TryHex(line[2], out var router) || !TryHex(line[3], out var flags)
            || !uint.TryParse(line[6], NumberStyles.None, CultureInfo.InvariantCulture, out var metric) || !TryHex(line[7], out var mask)
            || destination != 0 || mask != 0 || router == 0 || (flags & (Up | Gateway)) != (Up | Gateway))
            return null;
        Span<byte> bytes = stackalloc byte[4];
        if (BitConverter.IsLittleEndian)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, router);
        else
            BinaryPrimitives.WriteUInt32BigEndian(bytes, router);
        return new DefaultRoute(new IPAddress(bytes), line[0], metric);
    });

    /// <summary>The default route of IPv6 with the lowest metric, its router without an interface yet; null: there is none.</summary>
    internal static DefaultRoute? FindIPv6(string table) => Best(table, static line =>
    {
        // destination, its length, source, its length, next hop, metric, references, uses, flags, device: all but the last in hexadecimal.
        if (line.Length < 10 || line[1] != "00" || line[3] != "00" || line[0].AsSpan().IndexOfAnyExcept('0') >= 0 || line[4].Length != 32
            || line[4].AsSpan().IndexOfAnyExcept('0') < 0 || !TryHex(line[5], out var metric) || !TryHex(line[8], out var flags) || (flags & (Up | Gateway)) != (Up | Gateway))
            return null;
        Span<byte> bytes = stackalloc byte[16];
        return Convert.FromHexString(line[4], bytes, out _, out _) == System.Buffers.OperationStatus.Done ? new DefaultRoute(new IPAddress(bytes), line[9], metric) : null;
    });

    private static DefaultRoute? Best(string table, Func<string[], DefaultRoute?> read)
    {
        DefaultRoute? best = null;
        foreach (var line in table.Split('\n').Take(MaxLines))
        {
            if (read(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)) is { } route && (best is null || route.Metric < best.Value.Metric))
                best = route;
        }

        return best;
    }

    private static bool TryHex(string text, out uint value) => uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}
