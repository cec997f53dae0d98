using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Crust.Nat.PortMapping;
using Crust.Nat.PortMapping.Igd;
using Crust.Primitives;

namespace Crust.Tests.Unit.Nat.PortMapping;

/// <summary>A router of the tests, without sockets: NAT-PMP, PCP and an internet gateway device on one table of mappings, written from the specifications and not with the code under test.</summary>
internal sealed partial class FakeRouter
{
    private Instant _started;

    internal IPAddress Address { get; } = IPAddress.Parse("192.168.1.1");

    internal IPAddress Client { get; } = IPAddress.Parse("192.168.1.2");

    internal bool SpeaksPcp { get; set; } = true;

    internal bool SpeaksNatPmp { get; set; } = true;

    internal bool SpeaksIgd { get; set; } = true;

    /// <summary>False: no protocol answers any more.</summary>
    internal bool IsOn { get; set; } = true;

    internal IPAddress External { get; set; } = IPAddress.Parse("203.0.113.5");

    internal bool OnlyPermanentLeases { get; set; }

    internal int IgdVersion { get; set; } = 1;

    /// <summary>Result code of every PCP and NAT-PMP mapping; 0: success.</summary>
    internal byte Result { get; set; }

    /// <summary>Ports of other hosts.</summary>
    internal HashSet<int> Taken { get; } = [];

    /// <summary>By protocol number and external port: internal port and lifetime.</summary>
    internal Dictionary<(int Protocol, int Port), (int Internal, uint Lifetime)> Table { get; } = [];

    /// <summary>Names of what was asked, in order.</summary>
    internal List<string> Asked { get; } = [];

    internal void Restart(Instant now)
    {
        Table.Clear();
        _started = now;
    }

    /// <summary>What it answers to a datagram, if anything, and from which port.</summary>
    internal (IPEndPoint From, byte[] Answer)? Handle(byte[] datagram, IPEndPoint destination, Instant now)
    {
        if (!IsOn)
            return null;
        if (destination.Port == 1900)
            return SpeaksIgd && destination.Address.Equals(Address) ? (new IPEndPoint(Address, 1900), Search(datagram)) : null;
        if (destination.Port != 5351)
            return null;
        var answer = datagram[0] == 2 ? SpeaksPcp ? Pcp(datagram, now) : SpeaksNatPmp ? [0, 0x80, 0, 1, 0, 0, 0, 0] : null : SpeaksNatPmp ? NatPmp(datagram, now) : null;
        return answer is null ? null : (new IPEndPoint(Address, 5351), answer);
    }

    internal HttpResponse? Handle(HttpRequest request)
    {
        var text = Encoding.ASCII.GetString(request.Bytes);
        if (!IsOn)
            return null;
        if (text.StartsWith("GET ", StringComparison.Ordinal))
            return new HttpResponse(200, Encoding.UTF8.GetBytes(Description()));
        var action = Action().Match(text).Groups[1].Value;
        Asked.Add(action);
        var arguments = Argument().Matches(text).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        return Act(action, arguments);
    }

    private byte[] NatPmp(byte[] request, Instant now)
    {
        Asked.Add($"natpmp {request[1]}");
        var answer = new byte[request[1] == 0 ? 12 : 16];
        answer[1] = (byte)(request[1] | 0x80);
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(4), Epoch(now));
        if (request[1] == 0)
        {
            External.TryWriteBytes(answer.AsSpan(8), out _);
            return answer;
        }

        answer[3] = Result;
        var inside = BinaryPrimitives.ReadUInt16BigEndian(request.AsSpan(4));
        var lifetime = BinaryPrimitives.ReadUInt32BigEndian(request.AsSpan(8));
        var port = Result != 0 ? 0 : Map(request[1] == 1 ? 17 : 6, inside, BinaryPrimitives.ReadUInt16BigEndian(request.AsSpan(6)), lifetime);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(8), inside);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(10), (ushort)port);
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(12), lifetime);
        return answer;
    }

    private byte[] Pcp(byte[] request, Instant now)
    {
        Asked.Add($"pcp {request[1]}");
        var answer = new byte[request.Length];
        request.CopyTo(answer, 0);
        answer[1] |= 0x80;
        answer.AsSpan(8, 16).Clear();
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(8), Epoch(now));
        if (request[1] == 0)
            return answer;
        answer[3] = Result;
        var lifetime = BinaryPrimitives.ReadUInt32BigEndian(request.AsSpan(4));
        var port = Result != 0 ? 0 : Map(request[36], BinaryPrimitives.ReadUInt16BigEndian(request.AsSpan(40)), BinaryPrimitives.ReadUInt16BigEndian(request.AsSpan(42)), lifetime);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(42), (ushort)port);
        External.MapToIPv6().TryWriteBytes(answer.AsSpan(44), out _);
        return answer;
    }

    private uint Epoch(Instant now) => (uint)(now - _started).TotalSeconds;

    private int Map(int protocol, int inside, int suggested, uint lifetime)
    {
        foreach (var old in Table.Where(m => m.Key.Protocol == protocol && m.Value.Internal == inside).Select(m => m.Key).ToList())
        {
            if (suggested == 0)
                suggested = old.Port;
            Table.Remove(old);
        }

        if (lifetime == 0)
            return 0;
        var port = suggested == 0 ? inside : suggested;
        while (Taken.Contains(port))
            port++;
        Table[(protocol, port)] = (inside, lifetime);
        return port;
    }

    private byte[] Search(byte[] datagram)
    {
        var target = Encoding.ASCII.GetString(datagram).Split("\r\nST: ")[1].Split("\r\n")[0];
        return Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: {target}\r\nUSN: uuid:1::{target}\r\nEXT:\r\nLocation: http://{Address}:5000/root.xml\r\n\r\n");
    }

    private string Description() =>
        $"""
        <?xml version="1.0"?>
        <root xmlns="urn:schemas-upnp-org:device-1-0"><device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:{IgdVersion}</deviceType>
        <serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><controlURL>/ctl/L3F</controlURL></service></serviceList>
        <deviceList><device><deviceList><device><serviceList>
        <service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:{IgdVersion}</serviceType><serviceId>x</serviceId><controlURL>ctl/IPConn</controlURL></service>
        </serviceList></device></deviceList></device></deviceList></device></root>
        """;

    private HttpResponse Act(string action, Dictionary<string, string> arguments)
    {
        var protocol = arguments.GetValueOrDefault("NewProtocol") == "TCP" ? 6 : 17;
        var port = int.Parse(arguments.GetValueOrDefault("NewExternalPort", "0"), CultureInfo.InvariantCulture);
        switch (action)
        {
            case "GetExternalIPAddress":
                return Success(action, ("NewExternalIPAddress", External.ToString()));
            case "AddPortMapping" or "AddAnyPortMapping":
                if (action == "AddAnyPortMapping" && IgdVersion == 1)
                    return Fault(401);
                if (OnlyPermanentLeases && arguments["NewLeaseDuration"] != "0")
                    return Fault(725);
                if (Taken.Contains(port) && action == "AddPortMapping")
                    return Fault(718);
                while (Taken.Contains(port))
                    port++;
                Table[(protocol, port)] = (int.Parse(arguments["NewInternalPort"], CultureInfo.InvariantCulture), uint.Parse(arguments["NewLeaseDuration"], CultureInfo.InvariantCulture));
                return action == "AddPortMapping" ? Success(action) : Success(action, ("NewReservedPort", $"{port}"));
            case "GetSpecificPortMappingEntry":
                return Table.TryGetValue((protocol, port), out var entry)
                    ? Success(action, ("NewInternalPort", $"{entry.Internal}"), ("NewInternalClient", Client.ToString()), ("NewEnabled", "1"), ("NewLeaseDuration", $"{entry.Lifetime}"))
                    : Fault(714);
            case "DeletePortMapping":
                return Table.Remove((protocol, port)) ? Success(action) : Fault(714);
            default:
                return Fault(401);
        }
    }

    private static HttpResponse Success(string action, params (string Name, string Value)[] arguments) => new(200, Encoding.UTF8.GetBytes(
        $"<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><u:{action}Response xmlns:u=\"x\">"
        + string.Concat(arguments.Select(a => $"<{a.Name}>{a.Value}</{a.Name}>")) + $"</u:{action}Response></s:Body></s:Envelope>"));

    private static HttpResponse Fault(int code) => new(500, Encoding.UTF8.GetBytes(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>"
        + $"<UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\"><errorCode>{code}</errorCode><errorDescription>no</errorDescription></UPnPError></detail></s:Fault></s:Body></s:Envelope>"));

    [GeneratedRegex("SOAPAction: \"[^#]*#(\\w+)\"")]
    private static partial Regex Action();

    [GeneratedRegex("<(New\\w+)>([^<]*)</")]
    private static partial Regex Argument();
}
