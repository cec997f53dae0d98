using System.Diagnostics;
using System.Net.Sockets;
using System.Reflection;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Crust.Tests.Architecture;

/// <summary>The check itself: assemblies with one mistake each, and wrong rules held against the real library.</summary>
public sealed class LayeringCheckTests
{
    public static TheoryData<string> Places { get; } = [.. EmittedAssembly.Places];

    [Theory]
    [MemberData(nameof(Places))]
    public void AForbiddenImport_IsCaught_WhereverItHides(string place)
    {
        using var module = EmittedAssembly.Mentioning("Crust.Wire", "Crust.Session", "Target", place);
        LayeringCheck.Imports(module, RoomTable.MayImport).Should().NotBeEmpty().And.OnlyContain(violation => violation.StartsWith("Wire must not import Session"));
    }

    [Theory]
    [InlineData("Crust.Session", "Crust.Session.Driver")]
    [InlineData("Crust.Utp", "Crust.Udp")]
    [InlineData("Crust.Wire", "Crust.Diagnostics")]
    [InlineData("Crust.Diagnostics", "Crust.Udp")]
    [InlineData("Crust.Noise", "Crust.Identity")]
    [InlineData("Crust.Nat.Stun", "Crust.Nat.HolePunching")]
    [InlineData("Crust.Cryptography", "Crust.Primitives")]
    [InlineData("Crust.Dialing.Driver", "Crust")]
    [InlineData("Crust.Session.Records", "Crust.Discovery.Routing")]
    public void TheTable_Forbids(string from, string to)
    {
        using var module = EmittedAssembly.Mentioning(from, to, "Target", "field");
        LayeringCheck.Imports(module, RoomTable.MayImport).Should().ContainSingle();
    }

    [Theory]
    [InlineData("Crust.Session.Records", "Crust.Session.Handshakes")]
    [InlineData("Crust.Session.Handshakes", "Crust.Noise")]
    [InlineData("Crust.Nat.HolePunching", "Crust.Nat.Behavior")]
    [InlineData("Crust.Nat.HolePunching", "Crust.Nat.Stun")]
    [InlineData("Crust.Utp.Driver", "Crust.Udp.Linux")]
    [InlineData("Crust.Utp.Driver", "Crust.Diagnostics")]
    [InlineData("Crust.Nat.Stun.Driver", "Crust.Dialing")]
    [InlineData("Crust.Diagnostics", "Crust.Identity")]
    [InlineData("Crust", "Crust.Dialing.Driver")]
    public void TheTable_Allows(string from, string to)
    {
        using var module = EmittedAssembly.Mentioning(from, to, "Target", "field");
        LayeringCheck.Imports(module, RoomTable.MayImport).Should().BeEmpty();
    }

    [Theory]
    [InlineData("Crust.Kitchen")]
    [InlineData("Crusty")]
    [InlineData("")]
    public void ATypeWithoutARoom_IsCaught(string @namespace)
    {
        using var module = EmittedAssembly.Mentioning(@namespace, "Crust.Wire", "Target", "field");
        LayeringCheck.TypesWithoutRoom(module).Should().ContainSingle().Which.Should().Contain("Offender");
    }

    [Fact]
    public void AWrongRule_FindsTheImportsThatTheLibraryHas()
    {
        using var crust = CompiledAssembly.Open("Crust");
        LayeringCheck.Imports(crust, (from, to) => !(from.Name == "Identity" && to.Name == "Cryptography"))
            .Should().Contain(violation => violation.Contains("Crust.Identity.PeerId ", StringComparison.Ordinal));
    }

    public static TheoryData<string, bool> Outsiders { get; } = new()
    {
        { typeof(Socket).FullName!, true },
        { typeof(SocketAsyncEventArgs).FullName!, true },
        { typeof(AddressFamily).FullName!, false },
        { typeof(Task).FullName!, true },
        { typeof(Task<>).FullName!, true },
        { typeof(ValueTask).FullName!, false },
        { typeof(CancellationToken).FullName!, false },
        { typeof(Lock).FullName!, true },
        { typeof(TimeProvider).FullName!, true },
        { typeof(Stopwatch).FullName!, true },
        { typeof(DateTimeOffset).FullName!, false },
        { typeof(ILogger).FullName!, true },
        { "System.Security.Cryptography.SHA256", true },
        { "Sodium.SecretBox", true },
    };

    [Theory]
    [MemberData(nameof(Outsiders))]
    public void APureRoom_IsHeldToItsPurity(string outsider, bool forbidden)
    {
        var dot = outsider.LastIndexOf('.');
        using var module = EmittedAssembly.Mentioning("Crust.Utp", outsider[..dot], outsider[(dot + 1)..], "local");
        LayeringCheck.Impurities(module).Any().Should().Be(forbidden);
    }

    [Theory]
    [InlineData("Crust.Utp", true)]
    [InlineData("Crust.Utp.Driver", false)]
    [InlineData("Crust.Udp", false)]
    [InlineData("Crust", false)]
    public void AClock_IsReadOutsidePureRoomsAlone(string @namespace, bool forbidden)
    {
        MethodBase[] clocks = [typeof(DateTime).GetProperty(nameof(DateTime.UtcNow))!.GetMethod!, typeof(Random).GetConstructor([])!];
        foreach (var clock in clocks)
        {
            using var module = EmittedAssembly.Calling(@namespace, clock);
            LayeringCheck.Impurities(module).Any().Should().Be(forbidden);
        }
    }

    [Theory]
    [InlineData("Crust.Cryptography", "libsodium", false)]
    [InlineData("Crust.Udp.Linux", "libsodium", true)]
    [InlineData("Crust.Udp.Linux", "libc", false)]
    [InlineData("Crust.Utp", "libc", true)]
    public void ANativeLibrary_IsCalledFromItsRoomAlone(string @namespace, string library, bool forbidden)
    {
        using var module = EmittedAssembly.CallingNative(@namespace, library);
        LayeringCheck.Impurities(module).Any().Should().Be(forbidden);
    }
}
