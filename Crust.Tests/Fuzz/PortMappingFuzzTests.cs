using System.Net;
using System.Text;
using Crust.Nat.PortMapping;
using Crust.Nat.PortMapping.Igd;
using Crust.Nat.PortMapping.NatPmp;
using Crust.Nat.PortMapping.Pcp;
using Crust.Primitives;
using Crust.Tests.Unit.Nat.PortMapping;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Fuzz;

/// <summary>Mutated answers of routers: no exception, no answer that is none, and a mapper that goes on.</summary>
public sealed class PortMappingFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 20_260;
    private const int Cases = 20_000;

    private static readonly IPAddress Router = IPAddress.Parse("192.168.1.1");
    private static readonly PortRequest Port = new(MappedProtocol.Udp, 0x1234);
    private static readonly PcpNonce Nonce = new(1, 2);

    [Fact]
    public void NatPmp_SaysNo_OrReadsWhatIsThere() => Run(
        [Convert.FromHexString("0080000000000100CB007105"), Convert.FromHexString("00810000000001001234567800000E10"), Convert.FromHexString("0081000400000100")],
        bytes =>
        {
            var isAddress = NatPmpMessage.TryReadAddressResponse(bytes, out var result, out _, out var address);
            (address is not null).Should().Be(isAddress && result == NatPmpResult.Success);
            return NatPmpMessage.TryReadMapResponse(bytes, Port, out _, out _, out _, out _) || isAddress;
        });

    [Fact]
    public void Pcp_SaysNo_OrReadsWhatIsThere()
    {
        var announce = Convert.FromHexString("0280000000000000000001000000000000000000" + "00000000");
        var map = Convert.FromHexString("02810000" + "00000E10" + "00000100" + "000000000000000000000000" + "000000000000000100000002" + "11000000" + "12345678" + "00000000000000000000FFFFCB007105");
        Run([announce, map, Convert.FromHexString("0080000100000100")], bytes =>
        {
            if (PcpMessage.TryReadMap(bytes, Nonce, Port, out var external))
                external.Should().NotBeNull();
            return PcpMessage.TryReadHeader(bytes, out _);
        });
    }

    [Fact]
    public void ASearchAnswer_SaysNo_OrNamesTheRouter() => Run(
        [Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nLOCATION: http://{Router}:5000/root.xml\r\n\r\n")],
        bytes =>
        {
            if (!SsdpMessage.TryReadResponse(bytes, Router, out var location))
                return false;
            location.Server.Address.Should().Be(Router);
            location.Path.Should().NotContainAny("\r", "\n", " ");
            return true;
        });

    [Fact]
    public void AResponse_IsRead_OrGivenUp() => Run(
        [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"u8.ToArray(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"u8.ToArray(),
            "HTTP/1.0 500 No\r\nX: y\r\n\r\nto the end"u8.ToArray(),
        ],
        bytes =>
        {
            var reader = new HttpResponseReader();
            foreach (var piece in bytes.Chunk(7))
                reader.Handle(piece);
            reader.HandleEnd();
            reader.IsOver.Should().BeTrue();
            (reader.Response?.Body.Length ?? 0).Should().BeLessThanOrEqualTo(bytes.Length);
            return reader.Response is not null;
        });

    [Fact]
    public void ADescription_NamesServicesOfTheRouterAlone()
    {
        var location = new IgdUrl(new IPEndPoint(Router, 5000), "/root.xml");
        var document = Encoding.UTF8.GetBytes(
            "<?xml version=\"1.0\"?><root xmlns=\"urn:x\"><URLBase>http://192.168.1.1:6000/</URLBase><device><serviceList><service><serviceType>"
            + $"{IgdService.IpConnection1}</serviceType><controlURL>/ctl/IPConn</controlURL></service></serviceList></device></root>");
        Run([document], bytes =>
        {
            var isRead = DeviceDescription.TryRead(bytes, location, IgdService.Connections, out var services);
            services.All(s => s.Control.Server.Address.Equals(Router)).Should().BeTrue();
            return isRead;
        });
    }

    [Fact]
    public void AnAnswerToAnAction_SaysNo_OrWhatItHolds() => Run(
        [
            "<E><Body><u:GetXResponse xmlns:u=\"y\"><NewA>7</NewA></u:GetXResponse></Body></E>"u8.ToArray(),
            "<E><Fault><UPnPError><errorCode>718</errorCode><errorDescription>Conflict</errorDescription></UPnPError></Fault></E>"u8.ToArray(),
        ],
        bytes => SoapMessage.TryRead(new HttpResponse(200, bytes), "GetX", out var answer) && answer.Words.Length <= 80);

    [Fact]
    public void AMapper_GoesOn_WhateverItsRouterSays()
    {
        var mutator = new Mutator(
            Seed,
            [
                Convert.FromHexString("0080000000000100CB007105"), Convert.FromHexString("00810000000001009C42567800000E10"), Convert.FromHexString("00820000000001009C41567800000E10"),
                Convert.FromHexString("028000000000000000000100000000000000000000000000"),
                Convert.FromHexString("02810000" + "00000E10" + "00000100" + "000000000000000000000000" + "000000000000000100000002" + "11000000" + "9C425678" + "00000000000000000000FFFFCB007105"),
                Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nLOCATION: http://{Router}:5000/root.xml\r\n\r\n"),
            ]);
        var host = new MappedHost(new FakeRouter { IsOn = false });
        host.Mapper.Start(host.Now);
        var mapped = 0;
        for (var i = 0; i < Cases; i++)
        {
            host.Take(new IPEndPoint(Router, 5351), mutator.Next());
            host.Run(TimeSpan.FromMilliseconds(20));
            mapped = Math.Max(mapped, host.Mapper.Mappings.Count);
            host.Mapper.Mappings.Count.Should().BeLessThanOrEqualTo(2);
        }

        output.WriteLine($"seed={Seed}: {Cases} answers, {mapped} ports mapped at most");
        host.Router.IsOn = true;
        host.Run(TimeSpan.FromHours(1), () => host.Mapper.State == MapperState.Mapped && host.Router.Table.Count == 2).Should().BeLessThan(TimeSpan.FromMinutes(40), "the router is asked again");
    }

    private void Run(IReadOnlyList<byte[]> corpus, Func<byte[], bool> accepts)
    {
        var mutator = new Mutator(Seed, corpus);
        var accepted = 0;
        for (var i = 0; i < Cases; i++)
            accepted += accepts(mutator.Next()) ? 1 : 0;
        output.WriteLine($"seed={Seed}: {Cases} cases, {accepted} accepted");
        accepted.Should().BePositive("else nothing was tried");
    }
}
