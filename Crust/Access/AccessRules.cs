using System.Collections.Immutable;
using System.Net;
using Crust.Identity;

namespace Crust.Access;

/// <summary>
/// Who may have a session with a node: peers and networks that may not, and, when there is an allow list, the only peers that may. A denial
/// counts more than a permission. Immutable: every change gives new rules. In a file: <see cref="TryParse"/>.
/// </summary>
public sealed class AccessRules
{
    private readonly ImmutableHashSet<PeerId> _denied;
    private readonly ImmutableHashSet<PeerId>? _allowed;
    private readonly NetworkSet _networks;

    private AccessRules(ImmutableHashSet<PeerId> denied, ImmutableHashSet<PeerId>? allowed, NetworkSet networks)
    {
        _denied = denied;
        _allowed = allowed;
        _networks = networks;
    }

    /// <summary>No list: everyone may.</summary>
    public static AccessRules Everyone { get; } = new([], null, NetworkSet.Empty);

    /// <summary>Peers that may not.</summary>
    public IReadOnlySet<PeerId> DeniedPeers => _denied;

    /// <summary>The only peers that may; null without an allow list. An empty list lets nobody in.</summary>
    public IReadOnlySet<PeerId>? AllowedPeers => _allowed;

    /// <summary>Networks from which, and to which, there are no links.</summary>
    public IReadOnlyCollection<IPNetwork> DeniedNetworks => _networks.Networks;

    /// <summary>
    /// Reads the text form: one rule a line, <c>allow PEERID</c>, <c>deny PEERID</c> or <c>deny NETWORK</c> (<c>203.0.113.0/24</c>,
    /// <c>2001:db8::/32</c>, or one address); blank lines and what follows <c>#</c> are skipped. One <c>allow</c> makes an allow list. A text
    /// without a single character is no list but a broken edit.
    /// </summary>
    /// <param name="text">The whole text.</param>
    /// <param name="rules">The rules; <see cref="Everyone"/> when the text is wrong.</param>
    /// <param name="error">What is wrong, beginning with the line's number; null when nothing is.</param>
    public static bool TryParse(string text, out AccessRules rules, out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        return AccessText.TryParse(text, out rules, out error);
    }

    /// <summary>Rules that deny the peer as well.</summary>
    public AccessRules Deny(PeerId peer) => new(_denied.Add(peer), _allowed, _networks);

    /// <summary>Rules that deny the network as well.</summary>
    public AccessRules Deny(IPNetwork network) => new(_denied, _allowed, _networks.Add(network));

    /// <summary>Rules in which the peer is on the allow list, and not denied. The first one begins the list: whoever is not on it may not.</summary>
    public AccessRules Allow(PeerId peer) => new(_denied.Remove(peer), (_allowed ?? []).Add(peer), _networks);

    /// <summary>Rules that do not name the peer. An allow list stays one, also when it is empty now.</summary>
    public AccessRules Remove(PeerId peer) => new(_denied.Remove(peer), _allowed?.Remove(peer), _networks);

    /// <summary>Rules that do not name the network. A wider one that holds it stays denied.</summary>
    public AccessRules Remove(IPNetwork network) => new(_denied, _allowed, _networks.Remove(network));

    /// <summary>Rules without an allow list; what is denied stays so.</summary>
    public AccessRules WithoutAllowList() => new(_denied, null, _networks);

    /// <summary>True when the peer may, as far as its id goes.</summary>
    public bool Allows(PeerId peer) => !Denies(peer) && (_allowed is null || _allowed.Contains(peer));

    /// <summary>True when no denied network holds the address. An IPv4 address mapped into IPv6 counts as itself.</summary>
    public bool Allows(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return !_networks.Contains(address);
    }

    /// <summary>Rules of these peers alone.</summary>
    /// <param name="denied">Who may not.</param>
    /// <param name="allowed">The only ones that may; null for no list.</param>
    internal static AccessRules Of(IEnumerable<PeerId> denied, IEnumerable<PeerId>? allowed) => new([.. denied], allowed is null ? null : [.. allowed], NetworkSet.Empty);

    /// <summary>Rules in which the peer is on the allow list; a denial stays and counts more.</summary>
    internal AccessRules WithAllowed(PeerId peer) => new(_denied, (_allowed ?? []).Add(peer), _networks);

    /// <summary>True when the peer is denied by name, and not merely missing on the allow list.</summary>
    internal bool Denies(PeerId peer) => _denied.Contains(peer);
}
