using System.Security.Cryptography.X509Certificates;
using Crust.Client.Tls;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster.Tls;

public sealed class CertificateCheckTests : IDisposable
{
    private readonly TestAuthority _ours = new("ours");
    private readonly TestAuthority _foreign = new("ours");

    public void Dispose()
    {
        _ours.Dispose();
        _foreign.Dispose();
    }

    [Fact]
    public void ACertificateOfOurs_ForThisUseAndName_IsAccepted()
    {
        Refuse(_ours.Issue("silo.crust.internal"), CertificateCheck.ServerUse, "silo.crust.internal").Should().BeNull();
        Refuse(_ours.Issue("gateway-7", server: false), CertificateCheck.ClientUse, null).Should().BeNull();
    }

    [Fact]
    public void AnyOther_IsRefused()
    {
        Refuse(_foreign.Issue("silo.crust.internal"), CertificateCheck.ServerUse, "silo.crust.internal").Should().Contain("chain", "an authority of the same name is another");
        Refuse(_ours.Issue("silo.crust.internal", server: false), CertificateCheck.ServerUse, "silo.crust.internal").Should().Contain("use");
        Refuse(_ours.Issue("silo.crust.internal", client: false), CertificateCheck.ClientUse, null).Should().Contain("use");
        Refuse(_ours.Issue("silo.crust.internal", server: false, client: false), CertificateCheck.ClientUse, null).Should().Contain("use", "one for nothing in particular is for nothing here");
        Refuse(_ours.Issue("gateway-7"), CertificateCheck.ServerUse, "silo.crust.internal").Should().Contain("name");
        Refuse(_ours.Issue("*.crust.internal"), CertificateCheck.ServerUse, "silo.crust.internal").Should().Contain("name");
        Refuse(_ours.Issue("silo.crust.internal", life: TimeSpan.FromHours(1)), CertificateCheck.ServerUse, "silo.crust.internal").Should().Contain("NotTimeValid");
        Refuse(_ours.Issue("silo.crust.internal", age: TimeSpan.FromDays(-1)), CertificateCheck.ServerUse, "silo.crust.internal").Should().Contain("NotTimeValid");
    }

    private string? Refuse((string Certificate, string Key) pem, string use, string? name)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem.Certificate);
        return CertificateCheck.Refuse(certificate, _ours.Collection, use, name);
    }
}
