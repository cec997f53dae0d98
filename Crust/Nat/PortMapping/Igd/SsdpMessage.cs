using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Crust.Nat.PortMapping.Igd;

/// <summary>
/// The search for a gateway device, UPnP Device Architecture 1.1 §1.3: an M-SEARCH by UDP to the group, and to the router alone; each device that fits answers the
/// sender with where its description is. Pure.
/// </summary>
internal static class SsdpMessage
{
    /// <summary>§1.1.2.</summary>
    internal const int Port = 1900;

    /// <summary>Largest answer that is read. Ours: they have some 300 bytes.</summary>
    internal const int MaxLength = 2048;

    /// <summary>What is searched for, one message each: a version 2 device answers to both, some of version 1 to none but their own.</summary>
    internal static readonly string[] Targets =
        ["urn:schemas-upnp-org:device:InternetGatewayDevice:1", "urn:schemas-upnp-org:device:InternetGatewayDevice:2"];

    /// <summary>The group on the link, §1.1.2 and annex A.</summary>
    internal static readonly IPEndPoint Group = new(IPAddress.Parse("239.255.255.250"), Port), GroupIPv6 = new(IPAddress.Parse("ff02::c"), Port);

    private static readonly string[] Wanted = ["InternetGatewayDevice", "WANIPConnection", "WANPPPConnection"];

    /// <summary>§1.3.2. MX 1: whoever answers takes at most a second.</summary>
    internal static int WriteSearch(Span<byte> buffer, IPEndPoint destination, string target)
    {
        var host = destination.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{new IPAddress(destination.Address.GetAddressBytes())}]:{destination.Port}" : destination.ToString();
        return Encoding.ASCII.GetBytes($"M-SEARCH * HTTP/1.1\r\nHOST: {host}\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: {target}\r\n\r\n", buffer);
    }

    /// <summary>
    /// Reads an answer (§1.3.3) of a gateway device: where its description is. False for anything else, and for a description on another host than the one that
    /// answers: nobody makes us fetch from elsewhere.
    /// </summary>
    internal static bool TryReadResponse(ReadOnlySpan<byte> message, IPAddress from, out IgdUrl location)
    {
        location = default;
        if (message.Length > MaxLength || !Ascii.IsValid(message) || !message.StartsWith("HTTP/1."u8))
            return false;
        var lines = Encoding.ASCII.GetString(message).Split("\r\n");
        var status = lines[0].Split(' ');
        if (status.Length < 2 || status[1] != "200")
            return false;
        string? url = null;
        var isWanted = false;
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
                continue;
            var (name, value) = (line[..colon].Trim(), line[(colon + 1)..].Trim());
            if (name.Equals("LOCATION", StringComparison.OrdinalIgnoreCase))
                url = value;
            else if (name.Equals("ST", StringComparison.OrdinalIgnoreCase) || name.Equals("USN", StringComparison.OrdinalIgnoreCase))
                isWanted |= Wanted.Any(w => value.Contains(w, StringComparison.Ordinal));
        }

        return isWanted && url is not null && IgdUrl.TryParse(url, null, from, out location);
    }
}
