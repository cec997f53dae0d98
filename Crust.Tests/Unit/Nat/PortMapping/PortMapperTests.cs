using System.Net;
using Crust.Nat.PortMapping;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.PortMapping;

public sealed class PortMapperTests
{
    public static TheoryData<string> Protocols => ["pcp", "natpmp", "igd1", "igd2"];

    [Theory, MemberData(nameof(Protocols))]
    public void APort_IsMapped_InEachProtocol(string protocol)
    {
        var host = MappedHost.Start(Router(protocol), TimeSpan.FromSeconds(1));

        host.Mapper.State.Should().Be(MapperState.Mapped);
        host.Mapper.Mappings.Select(m => (m.Port, m.External.ToString())).Should().BeEquivalentTo([(MappedHost.Tcp, "203.0.113.5:40001"), (MappedHost.Udp, "203.0.113.5:40002")]);
        host.Router.Table.Keys.Should().BeEquivalentTo([(6, 40001), (17, 40002)]);
    }

    [Theory, MemberData(nameof(Protocols))]
    public void AMapping_IsRenewedAtHalfItsLife_AndOneChangeIsTold(string protocol)
    {
        var host = MappedHost.Start(Router(protocol));
        var (changes, asked) = (host.Changes, host.Router.Asked.Count);

        host.Run(TimeSpan.FromMinutes(11));

        host.Router.Asked.Skip(asked).Count(a => protocol.StartsWith("igd", StringComparison.Ordinal) ? a == "AddPortMapping" : a is "pcp 1" or "natpmp 1" or "natpmp 2")
            .Should().BeGreaterThanOrEqualTo(2);
        host.Mapper.Mappings.Should().HaveCount(2);
        host.Changes.Should().Be(changes, "nothing changed");
    }

    [Theory, MemberData(nameof(Protocols))]
    public void AMapping_ThatTheRouterForgot_IsThereAgain_WithinAMinute_AtTheSamePort(string protocol)
    {
        var host = MappedHost.Start(Router(protocol));
        host.Run(TimeSpan.FromMinutes(3));
        host.Router.Table.Clear();

        var took = host.Run(TimeSpan.FromMinutes(2), () => host.Router.Table.Count == 2);

        took.Should().BeLessThan(TimeSpan.FromMinutes(1));
        host.Router.Table.Keys.Should().BeEquivalentTo([(6, 40001), (17, 40002)]);
    }

    [Theory, MemberData(nameof(Protocols))]
    public void ARouter_ThatBeganAnew_IsAskedForEverything_WithinAMinute(string protocol)
    {
        var host = MappedHost.Start(Router(protocol));
        host.Run(TimeSpan.FromMinutes(3));
        host.Router.Restart(host.Now);
        host.Router.External = IPAddress.Parse("203.0.113.77");

        var took = host.Run(TimeSpan.FromMinutes(2), () => host.Mapper.Mappings.Count(m => m.External.Address.Equals(host.Router.External)) == 2);

        took.Should().BeLessThan(TimeSpan.FromMinutes(1));
        host.Router.Table.Should().HaveCount(2);
    }

    [Theory, MemberData(nameof(Protocols))]
    public void ARouter_ThatDied_TakesItsMappingsAlong_WithinAMinute(string protocol)
    {
        var host = MappedHost.Start(Router(protocol));
        host.Run(TimeSpan.FromMinutes(3));
        host.Router.IsOn = false;

        var took = host.Run(TimeSpan.FromMinutes(2), () => host.Mapper.Mappings.Count == 0);

        took.Should().BeLessThan(TimeSpan.FromMinutes(1));
        host.Run(TimeSpan.FromSeconds(10));
        host.Mapper.State.Should().Be(MapperState.NoRouter);
        host.Router.IsOn = true;
        host.Run(TimeSpan.FromMinutes(5), () => host.Mapper.Mappings.Count == 2).Should().BeLessThan(TimeSpan.FromMinutes(2), "it is looked for again");
    }

    [Theory, MemberData(nameof(Protocols))]
    public void Stop_DeletesEveryMapping_AtOnce(string protocol)
    {
        var host = MappedHost.Start(Router(protocol));

        host.Mapper.Stop(host.Now);
        var took = host.Run(TimeSpan.FromSeconds(5), () => host.Mapper.IsStopped(host.Now));

        host.Router.Table.Should().BeEmpty();
        took.Should().BeLessThan(TimeSpan.FromMilliseconds(100));
        host.Mapper.State.Should().Be(MapperState.Stopped);
    }

    [Fact]
    public void Stop_AtARouterThatIsGone_TakesASecond()
    {
        var host = MappedHost.Start();
        host.Router.IsOn = false;

        host.Mapper.Stop(host.Now);

        host.Run(TimeSpan.FromSeconds(10), () => host.Mapper.IsStopped(host.Now)).Should().Be(PortMapper.StopPatience);
    }

    [Fact]
    public void Stop_DeletesWhatWasAskedForAndNotAnsweredYet()
    {
        var host = new MappedHost();
        host.Mapper.Start(host.Now);
        host.Run(TimeSpan.FromSeconds(1), () => host.Router.Table.Count == 1);

        host.Mapper.Stop(host.Now);
        host.Run(TimeSpan.FromSeconds(5), () => host.Mapper.IsStopped(host.Now));

        host.Router.Table.Should().BeEmpty();
    }

    [Fact]
    public void AConflict_IsMetWithAnotherPort()
    {
        var router = Router("igd1");
        router.Taken.UnionWith([40001, 40002]);

        var host = MappedHost.Start(router);

        host.Mapper.Mappings.Should().HaveCount(2).And.NotContain(m => router.Taken.Contains(m.External.Port));
        router.Table.Keys.Should().BeEquivalentTo(host.Mapper.Mappings.Select(m => ((int)m.Port.Protocol, m.External.Port)));
    }

    [Fact]
    public void ARouterFullOfConflicts_IsAFailure_AfterFivePorts()
    {
        var router = Router("igd1");
        router.Taken.UnionWith(Enumerable.Range(1, 65535));

        var host = MappedHost.Start(router);

        host.Mapper.State.Should().Be(MapperState.Refused);
        host.Mapper.Findings[MappingMethod.Igd].Failure.Should().Be(MappingFailure.Conflict);
        router.Asked.Count(a => a == "AddPortMapping").Should().Be(10);
    }

    [Fact]
    public void ARouterOfPermanentLeases_IsAskedForThose_AndTheyAreDeletedAtTheEnd()
    {
        var router = Router("igd1");
        router.OnlyPermanentLeases = true;

        var host = MappedHost.Start(router);
        host.Run(TimeSpan.FromMinutes(30));

        host.Mapper.Mappings.Should().HaveCount(2).And.OnlyContain(m => m.Lifetime == null);
        router.Asked.Count(a => a == "AddPortMapping").Should().Be(3, "once with a lease, and each without; what is permanent is not renewed");
        host.Mapper.Stop(host.Now);
        host.Run(TimeSpan.FromSeconds(2));
        router.Table.Should().BeEmpty();
    }

    [Theory]
    [InlineData("0.0.0.0", "unspecified")]
    [InlineData("192.168.0.7", "private")]
    [InlineData("100.64.3.4", "carrier-nat")]
    [InlineData("203.0.113.5", "public")]
    public void AnExternalAddressThatIsNone_IsRecognised(string address, string scope)
    {
        foreach (var protocol in Protocols)
        {
            var router = Router(protocol.Data);
            router.External = IPAddress.Parse(address);

            var host = MappedHost.Start(router);

            host.Mapper.Mappings.Should().HaveCount(2).And.OnlyContain(m => m.Scope == (scope == "private" ? AddressScope.Private
                : scope == "carrier-nat" ? AddressScope.CarrierNat : scope == "public" ? AddressScope.Public : AddressScope.Unspecified));
        }
    }

    [Fact]
    public void ARefusalInOneProtocol_IsTriedInTheNext()
    {
        var router = new FakeRouter { Result = 2 };

        var host = MappedHost.Start(router);

        host.Mapper.Mappings.Should().HaveCount(2).And.OnlyContain(m => m.Method == MappingMethod.Igd, "PCP and NAT-PMP are not authorised");
    }

    [Fact]
    public void ARouterThatRefusesEverything_IsAskedAgain_LessAndLessOften()
    {
        var router = new FakeRouter { Result = 2, SpeaksIgd = false };
        var host = MappedHost.Start(router);
        host.Mapper.State.Should().Be(MapperState.Refused);
        host.Mapper.Findings[MappingMethod.Pcp].Failure.Should().Be(MappingFailure.NotAuthorized);
        var asked = router.Asked.Count;

        host.Run(TimeSpan.FromHours(1));

        (router.Asked.Count - asked).Should().BeInRange(12, 120);
    }

    [Fact]
    public void WithoutARouterThatSpeaks_TheSearchIsOverAfterThreeSeconds()
    {
        var host = new MappedHost(new FakeRouter { IsOn = false });
        host.Mapper.Start(host.Now);

        host.Run(TimeSpan.FromSeconds(10), () => host.Mapper.State == MapperState.NoRouter).Should().BeLessThanOrEqualTo(PortMapper.Patience);
    }

    [Fact]
    public void ARestartThatIsSeenInAnyAnswer_BringsAllMappingsBackAtOnce()
    {
        var host = MappedHost.Start(Router("pcp"));
        host.Run(TimeSpan.FromMinutes(5));
        host.Router.Restart(host.Now);

        // The first of two checks tells; the second mapping does not wait for its own.
        host.Run(TimeSpan.FromSeconds(40), () => host.Router.Table.Count > 0);

        host.Run(TimeSpan.FromSeconds(1), () => host.Router.Table.Count == 2).Should().BeLessThan(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void AVersion2Router_ChoosesThePort()
    {
        var router = Router("igd2");
        router.Taken.Add(40001);

        var host = MappedHost.Start(router);

        host.Mapper.Mappings.Single(m => m.Port == MappedHost.Tcp).External.Port.Should().NotBe(40001);
        router.Asked.Should().Contain("AddAnyPortMapping").And.NotContain("AddPortMapping");
    }

    private static FakeRouter Router(string protocol) => new()
    {
        SpeaksPcp = protocol == "pcp",
        SpeaksNatPmp = protocol is "natpmp",
        SpeaksIgd = protocol.StartsWith("igd", StringComparison.Ordinal),
        IgdVersion = protocol == "igd2" ? 2 : 1,
    };
}
