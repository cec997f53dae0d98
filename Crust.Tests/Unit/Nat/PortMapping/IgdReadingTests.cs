using System.Net;
using System.Text;
using Crust.Nat.PortMapping.Igd;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.PortMapping;

/// <summary>What routers say of themselves, in the forms that they say it, and in those that nobody should believe.</summary>
public sealed class IgdReadingTests
{
    private static readonly IPAddress Router = IPAddress.Parse("192.168.1.1");
    private static readonly IgdUrl Location = new(new IPEndPoint(Router, 5000), "/a/root.xml");

    [Theory]
    [InlineData("http://192.168.1.1:5000/root.xml", "192.168.1.1:5000", "/root.xml")]
    [InlineData("http://192.168.1.1/x?y=1", "192.168.1.1:80", "/x?y=1")]
    [InlineData("/ctl", "192.168.1.1:5000", "/ctl")]
    [InlineData("ctl", "192.168.1.1:5000", "/a/ctl")]
    [InlineData("http://192.168.1.1:1/a b\r\nX: y", "192.168.1.1:1", "/a%20bX:%20y")]
    public void AUrlOnTheRouter_IsRead(string text, string server, string path)
    {
        IgdUrl.TryParse(text, Location, Router, out var url).Should().BeTrue();

        url.Server.ToString().Should().Be(server);
        url.Path.Should().NotContainAny("\r", "\n", " ");
        if (!text.Contains('\r', StringComparison.Ordinal))
            url.Path.Should().Be(path);
    }

    [Theory]
    [InlineData("http://192.168.1.2:5000/root.xml")]
    [InlineData("http://127.0.0.1/root.xml")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://example.org/root.xml")]
    [InlineData("http://192.168.1.1@example.org/")]
    [InlineData("http://user@192.168.1.1/")]
    [InlineData("https://192.168.1.1/root.xml")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://192.168.1.1/")]
    [InlineData("//example.org/x")]
    [InlineData("http://0/")]
    [InlineData("http://192.168.1.1:0/")]
    [InlineData("")]
    [InlineData("http://[::1")]
    public void AUrlAnywhereElse_IsNot(string text) => IgdUrl.TryParse(text, Location, Router, out _).Should().BeFalse();

    [Fact]
    public void AnAnswerToTheSearch_IsRead()
    {
        SsdpMessage.TryReadResponse(Answer("http://192.168.1.1:5000/root.xml"), Router, out var location).Should().BeTrue();

        location.Should().Be(new IgdUrl(new IPEndPoint(Router, 5000), "/root.xml"));
    }

    [Theory]
    [InlineData("http://192.168.1.66:5000/root.xml", "urn:schemas-upnp-org:device:InternetGatewayDevice:1")] // elsewhere than who answers
    [InlineData("http://192.168.1.1:5000/root.xml", "urn:schemas-upnp-org:device:MediaServer:1")] // the router's music
    public void AnAnswerOfSomethingElse_IsNot(string location, string target) => SsdpMessage.TryReadResponse(Answer(location, target), Router, out _).Should().BeFalse();

    [Theory]
    [InlineData("")]
    [InlineData("NOTIFY * HTTP/1.1\r\nLocation: http://192.168.1.1:5000/\r\nST: InternetGatewayDevice\r\n\r\n")]
    [InlineData("HTTP/1.1 500 No\r\nLocation: http://192.168.1.1:5000/\r\nST: InternetGatewayDevice\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nST: InternetGatewayDevice\r\n\r\n")]
    public void NoAnswerToTheSearch_IsNone(string text) => SsdpMessage.TryReadResponse(Encoding.ASCII.GetBytes(text), Router, out _).Should().BeFalse();

    [Fact]
    public void AnAnswerThatIsTooLong_IsNone() =>
        SsdpMessage.TryReadResponse([.. Answer("http://192.168.1.1:5000/root.xml"), .. new byte[SsdpMessage.MaxLength]], Router, out _).Should().BeFalse();

    [Fact]
    public void ADescription_GivesItsConnections_TheBestFirst_AndOnlyThoseOnTheRouter()
    {
        var document =
            "<root><URLBase>http://192.168.1.1:6000/</URLBase><device><serviceList>"
            + Service("WANPPPConnection:1", "/ppp") + Service("WANIPConnection:1", "ip") + Service("WANIPConnection:2", "http://192.168.1.9/ip2") + Service("Layer3Forwarding:1", "/l3")
            + "</serviceList></device></root>\0\0";

        DeviceDescription.TryRead(Encoding.UTF8.GetBytes(document), Location, IgdService.Connections, out var services).Should().BeTrue();

        services.Select(s => (s.Type, s.Control.Server.Port, s.Control.Path)).Should().Equal((IgdService.IpConnection1, 6000, "/ip"), (IgdService.PppConnection1, 6000, "/ppp"));
    }

    [Fact]
    public void ADescriptionWithABaseElsewhere_IsReadFromWhereItCame()
    {
        var document = "<root><URLBase>http://10.9.9.9/</URLBase><device>" + Service("WANIPConnection:1", "/ip") + "</device></root>";

        DeviceDescription.TryRead(Encoding.UTF8.GetBytes(document), Location, IgdService.Connections, out var services).Should().BeTrue();

        services.Single().Control.Should().Be(new IgdUrl(new IPEndPoint(Router, 5000), "/ip"));
    }

    [Fact]
    public void ABillionLaughs_AreNotLaughed()
    {
        var bomb = new StringBuilder("<?xml version=\"1.0\"?><!DOCTYPE r [<!ENTITY a0 \"ha\">");
        for (var i = 1; i < 30; i++)
            bomb.Append($"<!ENTITY a{i} \"&a{i - 1};&a{i - 1};&a{i - 1};\">");
        bomb.Append("]><root><device>&a29;</device></root>");
        var before = GC.GetAllocatedBytesForCurrentThread();

        DeviceDescription.TryRead(Encoding.UTF8.GetBytes(bomb.ToString()), Location, IgdService.Connections, out var services).Should().BeFalse();

        services.Should().BeEmpty();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1_000_000);
    }

    [Theory]
    [InlineData("<?xml version=\"1.0\"?><!DOCTYPE r SYSTEM \"http://192.168.1.1/x.dtd\"><root/>")]
    [InlineData("<?xml version=\"1.0\"?><!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><root>&x;</root>")]
    [InlineData("<root><device>")]
    [InlineData("<root></device>")]
    [InlineData("{\"root\":1}")]
    [InlineData("<?xml version=\"1.0\" encoding=\"nonsense\"?><root/>")]
    [InlineData("")]
    public void ABrokenDocument_IsNone(string document) =>
        DeviceDescription.TryRead(Encoding.UTF8.GetBytes(document), Location, IgdService.Connections, out _).Should().BeFalse();

    [Fact]
    public void ADocumentWithoutEnd_OfDepthOrOfElements_IsNone()
    {
        DeviceDescription.TryRead(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("<a>", 10_000))), Location, IgdService.Connections, out _).Should().BeFalse();
        DeviceDescription.TryRead(Encoding.UTF8.GetBytes("<a>" + string.Concat(Enumerable.Repeat("<b/>", 10_000)) + "</a>"), Location, IgdService.Connections, out _).Should().BeFalse();
    }

    [Fact]
    public void AnAnswerToAnAction_IsRead_AndAFault_AndNothingElse()
    {
        SoapMessage.TryRead(new HttpResponse(200, "<E><Body><u:GetXResponse xmlns:u=\"y\"><NewA> 7 </NewA></u:GetXResponse></Body></E>"u8.ToArray()), "GetX", out var answer).Should().BeTrue();
        (answer.Error, answer.Text("NewA"), answer.Number("NewA")).Should().Be((null, "7", 7u));
        SoapMessage.TryRead(new HttpResponse(500, "<E><UPnPError><errorCode>718</errorCode><errorDescription>Con\tflict</errorDescription></UPnPError></E>"u8.ToArray()), "GetX", out answer).Should().BeTrue();
        (answer.Error, answer.Words).Should().Be((718, "Con?flict"));
        SoapMessage.TryRead(new HttpResponse(200, "<E><GetYResponse/></E>"u8.ToArray()), "GetX", out _).Should().BeFalse("it answers something else");
        SoapMessage.TryRead(new HttpResponse(302, "<E><GetXResponse/></E>"u8.ToArray()), "GetX", out _).Should().BeFalse("redirects are not followed");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void AResponse_IsRead_HoweverItIsCut(int piece)
    {
        Read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, more", piece)!.Body.Should().Equal("hello"u8.ToArray());
        Read("HTTP/1.0 500 No\r\nX: y\r\n\r\nto the end", piece, end: true)!.Should().BeEquivalentTo(new HttpResponse(500, "to the end"u8.ToArray()));
        Read("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3;x=y\r\nhel\r\n02\r\nlo\r\n0\r\nT: u\r\n\r\n", piece)!.Body.Should().Equal("hello"u8.ToArray());
        Read("HTTP/1.1 204 No\r\n\r\n", piece)!.Body.Should().BeEmpty();
    }

    [Theory]
    [InlineData("HTTP/2 200 OK\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH\r\n")]
    [InlineData("HTTP/1.1 2x0 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhelp")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell")]
    public void AResponseOutOfBounds_IsNone(string text) => Read(text, 7, end: true).Should().BeNull();

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n", "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX: ", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\ny\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "T: u\r\n")]
    public void AResponseWithoutEnd_IsGivenUp_AndWhatItCostsIsBounded(string begin, string andThen)
    {
        var reader = new HttpResponseReader();
        reader.Handle(Encoding.ASCII.GetBytes(begin));
        var piece = Encoding.ASCII.GetBytes(andThen);
        var taken = 0;

        for (; !reader.IsOver && taken < 100_000_000; taken += piece.Length)
            reader.Handle(piece);

        reader.IsOver.Should().BeTrue();
        reader.Response.Should().BeNull();
        taken.Should().BeLessThanOrEqualTo(HttpResponseReader.MaxLength + piece.Length);
    }

    private static HttpResponse? Read(string text, int piece, bool end = false)
    {
        var reader = new HttpResponseReader();
        foreach (var part in Encoding.ASCII.GetBytes(text).Chunk(piece))
            reader.Handle(part);
        if (end)
            reader.HandleEnd();
        return reader.Response;
    }

    private static byte[] Answer(string location, string target = "urn:schemas-upnp-org:device:InternetGatewayDevice:1") =>
        Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nst: {target}\r\nUSN: uuid:1\r\nEXT:\r\nLOCATION: {location}\r\n\r\n");

    private static string Service(string type, string control) =>
        $"<service><serviceType>urn:schemas-upnp-org:service:{type}</serviceType><controlURL>{control}</controlURL></service>";
}
