using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using Crust.Grains.Abstractions;
using Crust.Grains.Bootstrap;
using Crust.Grains.Orders;
using Crust.Grains.Peers;
using Crust.Identity;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Orleans.CodeGeneration;
using Orleans.Serialization;
using Xunit;

namespace Crust.Tests.Architecture;

/// <summary>What silos, gateways and clients of different releases say to one another changes only where review sees it.</summary>
public sealed class GrainContractsTests
{
    private static readonly Assembly[] Assemblies = [typeof(IPeerGrain).Assembly, typeof(PeerState).Assembly, typeof(Client.CrustClusterClient).Assembly, typeof(Silo.SiloHost).Assembly];

    private static readonly PeerId Peer = PeerId.FromTrustedBytes(Enumerable.Range(1, 32).Select(i => (byte)i).ToArray());
    private static readonly GatewayHeartbeat Heartbeat = new(7, ["tcp://a"], "eu", 3, true);
    private static readonly GatewayEntry Entry = new(Peer, Heartbeat, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddSeconds(1));
    private static readonly BootstrapEntry Bootstrap = new([1, 2], 3, true, Peer, 4, 5, 6, 7, 8, 9, 10);
    private static readonly GatewayDirectorySnapshot Directory = new(9, [Entry], [1, 2], 5);

    private static readonly PolicyOrder Order = new(1, 2, [3]);

    [Fact]
    public void Contracts_EqualTheFile()
    {
        var actual = Describe();
        var path = Path.Combine(ProjectFolder(), "GrainContracts.txt");
        var expected = File.Exists(path) ? File.ReadAllText(path) : "";
        // A deliberate change replaces the file by what this test prints.
        actual.Should().Be(expected, $"GrainContracts.txt should read:\n{actual}");
    }

    [Fact]
    public void Messages_HaveTheirGoldenBytes_AndReadThemBack()
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        var actual = new StringBuilder();
        foreach (var message in Messages())
        {
            var bytes = serializer.SerializeToArray(message);
            actual.Append(message.GetType().Name).Append(' ').Append(Convert.ToHexStringLower(bytes)).Append('\n');
            // Records compare arrays by reference: equal bytes of what was read say the same.
            serializer.SerializeToArray(serializer.Deserialize<object>(bytes)).Should().Equal(bytes);
        }

        var path = Path.Combine(ProjectFolder(), "GrainMessages.golden.txt");
        var expected = File.Exists(path) ? File.ReadAllText(path) : "";
        actual.ToString().Should().Be(expected, $"GrainMessages.golden.txt should read:\n{actual}");
    }

    [Fact]
    public void EveryMessage_HasAGoldenSample()
    {
        var samples = Messages().Select(message => message.GetType()).ToHashSet();
        MessageTypes().Where(type => !type.IsEnum && !type.IsAbstract && type != typeof(PeerIdSurrogate)).Should().OnlyContain(type => samples.Contains(type));
    }

    [Fact]
    public void EveryInterfaceOfAGrain_HasAnAliasAndAVersion_AndItsMethodsHaveAliases()
    {
        var interfaces = Assemblies.SelectMany(assembly => assembly.GetTypes()).Where(type => type.IsInterface && type.IsAssignableTo(typeof(IGrain))).ToArray();
        interfaces.Should().HaveCountGreaterThan(4);
        interfaces.Where(type => !IsOurs(type.GetCustomAttribute<AliasAttribute>(false)) || type.GetCustomAttribute<VersionAttribute>(false) is null).Should().BeEmpty();
        interfaces.SelectMany(type => type.GetMethods()).Where(method => !method.IsStatic && method.GetCustomAttribute<AliasAttribute>(false) is null).Should().BeEmpty();
        foreach (var type in interfaces)
            type.GetMethods().Select(AliasOf).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void EverySerializedType_HasAnAliasOfItsOwn_AndEveryMemberOfItAnId()
    {
        var types = Assemblies.SelectMany(assembly => assembly.GetTypes()).Where(type => type.IsDefined(typeof(GenerateSerializerAttribute), false)).ToArray();
        types.Should().HaveCountGreaterThan(25);
        types.Where(type => !IsOurs(type.GetCustomAttribute<AliasAttribute>(false))).Should().BeEmpty();
        types.Select(AliasOf).Should().OnlyHaveUniqueItems();
        foreach (var type in types.Where(type => !type.IsEnum))
        {
            var ids = type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly).Select(field => (field.Name, MemberOf(type, field).GetCustomAttribute<IdAttribute>()?.Id)).ToArray();
            ids.Where(member => member.Id is null).Select(member => $"{type.Name}.{member.Name}").Should().BeEmpty();
            ids.Select(member => member.Id).Should().OnlyHaveUniqueItems();
        }
    }

    /// <summary>Where a member's attributes are: of an automatic property, which has a field that nobody wrote, at the property.</summary>
    private static MemberInfo MemberOf(Type type, FieldInfo field) =>
        field.Name is ['<', .. var name, '>', 'k', '_', '_', 'B', 'a', 'c', 'k', 'i', 'n', 'g', 'F', 'i', 'e', 'l', 'd']
            ? type.GetProperty(name, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly)!
            : field;

    private static bool IsOurs(AliasAttribute? alias) => alias?.Alias.StartsWith("crust.", StringComparison.Ordinal) == true;

    private static IEnumerable<object> Messages() =>
    [
        new PeerAnnouncement([1, 2], 3), new PeerWithdrawal(Peer, 4), new AnnounceOutcome(AnnounceResult.Superseded, 5),
        new AnnounceReply(6, [new AnnounceOutcome(AnnounceResult.Accepted, 1)]), new PeerPresence(Peer, Peer, 1, 2, [3]), new PeerFinding(new PeerPresence(Peer, Peer, 1, 2, [3]), [4]), new ZoneStatus(1, 2), new GatewayLife(Peer, 1),
        Heartbeat, new IntroduceCommand(Peer, [1], new byte[16]), new SupersededCommand(Peer, 8),
        new DialBackCommand(Peer, ["tcp://a"], new byte[16], Peer), new DialBackResultCommand(new byte[16], [1, 2]), new NumberedCommand(2, new SupersededCommand(Peer, 8)), Entry, Directory,
        new ExchangeReply(ExchangeStatus.Ok, 3, [new NumberedCommand(1, new IntroduceCommand(Peer, [], []))], Directory),
        new PeerState { SignedRecord = [1, 2, 3], Sequence = 4 },
        new BootstrapReport([1], [2], [3]), new BootstrapReply([BootstrapResult.Demoted]), Bootstrap, new BootstrapShard(2, 3, [Bootstrap]), new BootstrapState { Entries = [Bootstrap] },
        new GatewayProof([1], [2]), Order, new PolicyChanges(2, true, [Order]), new OrderPageState { InForce = [Order], Recent = [Order], ForgottenThrough = 5, Numbers = [new OperatorNumber(Peer, 6)] },
    ];

    private static IEnumerable<Type> MessageTypes() =>
        typeof(IPeerGrain).Assembly.GetTypes().Where(type => type.IsPublic && type.IsDefined(typeof(GenerateSerializerAttribute), false)).OrderBy(type => type.Name, StringComparer.Ordinal);

    private static string Describe()
    {
        var text = new StringBuilder();
        foreach (var type in typeof(IPeerGrain).Assembly.GetTypes().Where(type => type.IsInterface && type.IsAssignableTo(typeof(IGrain))).OrderBy(type => type.Name, StringComparer.Ordinal))
        {
            text.Append($"interface {type.Name} alias={AliasOf(type)} version={type.GetCustomAttribute<VersionAttribute>()!.Version}\n");
            foreach (var method in type.GetMethods().OrderBy(method => method.Name, StringComparer.Ordinal))
            {
                var parameters = string.Join(", ", method.GetParameters().Select(parameter => $"{NameOf(parameter.ParameterType)} {parameter.Name}"));
                text.Append($"  {NameOf(method.ReturnType)} {method.Name}({parameters}) alias={AliasOf(method)}\n");
            }
        }

        foreach (var type in MessageTypes())
        {
            text.Append($"message {type.Name} alias={AliasOf(type)}\n");
            if (type.IsEnum)
            {
                foreach (var name in Enum.GetNames(type))
                    text.Append($"  {Convert.ToInt64(Enum.Parse(type, name), System.Globalization.CultureInfo.InvariantCulture)} {name}\n");
                continue;
            }

            foreach (var (id, property) in type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                .Select(property => (property.GetCustomAttribute<IdAttribute>()?.Id, property)).Where(pair => pair.Id is not null).OrderBy(pair => pair.Id))
                text.Append($"  {id} {NameOf(property.PropertyType)} {property.Name}\n");
        }

        return text.ToString();
    }

    private static string AliasOf(MemberInfo member) =>
        member.GetCustomAttribute<AliasAttribute>(false)?.Alias ?? throw new InvalidOperationException($"{member.Name} has no alias.");

    private static string NameOf(Type type) =>
        type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>" : type.Name;

    private static string ProjectFolder([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "Crust.Grains.Abstractions");
}
