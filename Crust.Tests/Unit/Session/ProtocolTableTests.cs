using System.Text;
using Crust.Session;
using Crust.Session.Frames;
using Crust.Session.Receiving;
using Crust.Session.Sending;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary><see cref="OutboundProtocols"/> and <see cref="InboundProtocols"/>.</summary>
public class ProtocolTableTests
{
    [Fact]
    public void Outbound_TakesAThousandNamesASession_AndGivesIdsAnewOnEachLink()
    {
        var protocols = new OutboundProtocols(static _ => false);
        for (var i = 1; i <= WireLimits.MaxProtocols; i++)
            protocols.Find($"p{i}").Should().NotBeNull();
        protocols.Find("one too many").Should().BeNull();
        var last = protocols.Find("p1024")!;
        protocols.NextId.Should().Be(1);
        protocols.Intern(last);
        last.Id.Should().Be(1);
        protocols.NextId.Should().Be(2);
        protocols.Forget();
        last.Id.Should().Be(0);
        protocols.NextId.Should().Be(1);
    }

    [Fact]
    public void Outbound_AsksOnce_WhichProtocolsStayUnsigned()
    {
        var asked = new List<string>();
        var protocols = new OutboundProtocols(name =>
        {
            asked.Add(name);
            return name == "plain";
        });
        protocols.Find("plain")!.IsUnsigned.Should().BeTrue();
        protocols.Find("other")!.IsUnsigned.Should().BeFalse();
        protocols.Find("plain")!.IsUnsigned.Should().BeTrue();
        asked.Should().Equal("plain", "other");
    }

    [Fact]
    public void Inbound_TakesIdsInTurn_AndForgets()
    {
        var protocols = new InboundProtocols();
        protocols.TryAdd(new ProtocolFrame(1, "a"u8)).Should().BeTrue();
        protocols.TryAdd(new ProtocolFrame(3, "b"u8)).Should().BeFalse();
        protocols.TryAdd(new ProtocolFrame(2, "a"u8)).Should().BeFalse();
        protocols.TryAdd(new ProtocolFrame(2, "b"u8)).Should().BeTrue();
        protocols.Find(1)!.Name.Should().Be("a");
        protocols.Find(2)!.Name.Should().Be("b");
        protocols.Find(2)!.Bytes.Should().Equal("b"u8.ToArray());
        protocols.Find(0).Should().BeNull();
        protocols.Find(3).Should().BeNull();
        protocols.Forget();
        protocols.Find(1).Should().BeNull();
        protocols.TryAdd(new ProtocolFrame(1, Encoding.ASCII.GetBytes("b"))).Should().BeTrue();
    }
}
